"""Rules on the files that services are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import front, of_others
from tests.graph.rules.row import WEB, Row

INIT = "/docker-entrypoint-initdb.d"


def mounted(target: str) -> str:
    """Write the shop whose service gets a file."""
    return front(
        "postgres:17.6",
        f"configs: [{{source: file, target: {target}}}]",
        tail="configs: {file: {content: select 1;}}\n",
    )


def spelled(target: str, content: str) -> str:
    """Write the shop whose service gets a file, its content as YAML escapes it."""
    return front(
        "a",
        f"configs: [{{source: file, target: {target}}}]",
        tail=f'configs: {{file: {{content: "{content}"}}}}\n',
    )


def holds(target: str, *lines: str) -> str:
    """Write the shop whose service gets a file of some lines."""
    text = "".join(f"      {line}\n" for line in lines)
    return front(
        "a",
        f"configs: [{{source: file, target: {target}}}]",
        tail=f"configs:\n  file:\n    content: |\n{text}",
    )


ONLY_ONCE = (
    f"{WEB}:2: services.front: front runs /docker-entrypoint-initdb.d/10-users.sql once, "
    "on an empty volume: what is added to it later never happens; make users and "
    "databases in a service that runs at each deploy and ends, and let others wait for "
    "it\n"
)

ROWS = [
    Row(
        rule="A01",
        why="a script",
        breaks=mounted(f"{INIT}/10-users.sql"),
        says=ONLY_ONCE,
        near=mounted("/scripts/10-users.sql"),
    ),
    Row(
        rule="A01",
        why="a directory of the host",
        breaks=front("postgres:17.6", f"volumes: ['/srv/init:{INIT}:ro']"),
        says=(
            f"{WEB}:2: services.front: front runs /docker-entrypoint-initdb.d once, on an empty "
            "volume: what is added to it later never happens; make users and databases in a "
            "service that runs at each deploy and ends, and let others wait for it\n"
        ),
        near=front("postgres:17.6", f"volumes: ['/srv/init:{INIT}ed:ro']"),
    ),
    Row(
        rule="A01",
        why="what others manage is theirs",
        breaks=mounted(f"{INIT}/10-users.sql"),
        says=ONLY_ONCE,
        near=of_others(mounted(f"{INIT}/10-users.sql")),
    ),
    Row(
        rule="M12",
        why="YAML: a pattern in double quotes",
        breaks=holds("/etc/diun.yml", "watch: {}", r'regex: "v\d+"'),
        says=(
            f"{WEB}:2: services.front.configs: /etc/diun.yml of front is no YAML: found unknown "
            "escape character (line 2); correct it; in YAML a pattern like \\d belongs into "
            "single quotes\n"
        ),
        near=holds("/etc/diun.yml", "watch: {}", r"regex: 'v\d+'"),
    ),
    Row(
        rule="M12",
        why="YAML: an end that is missing; tags of a program's own",
        breaks=holds("/etc/a.yaml", "key: [1"),
        says=(
            f"{WEB}:2: services.front.configs: /etc/a.yaml of front is no YAML: did not find "
            "expected ',' or ']' (line 2); correct it, or give it another name\n"
        ),
        near=holds("/etc/a.yaml", "key: !env [1, 2]", "---", "other: 1"),
    ),
    Row(
        rule="M12",
        why="YAML: a character that it may not have",
        breaks=spelled("/etc/a.yaml", r"key: \a"),
        says=(
            f"{WEB}:2: services.front.configs: /etc/a.yaml of front is no YAML: it has a "
            "character that no YAML may have; correct it, or give it another name\n"
        ),
        near=spelled("/etc/a.yaml", r"key: \t"),
    ),
    Row(
        rule="M12",
        why="JSON that nobody could read",
        breaks=spelled("/etc/a.json", "[" * 100_000),
        says=(
            f"{WEB}:2: services.front.configs: /etc/a.json of front is no JSON: it is nested too "
            "deeply to be read; correct it, or give it another name\n"
        ),
        near=spelled("/etc/a.json", "[]"),
    ),
    Row(
        rule="M12",
        why="JSON, and JSON with comments",
        breaks=holds("/etc/a.json", "{", '"key": "https://a, it\'s"', '"other": 2}'),
        says=(
            f"{WEB}:2: services.front.configs: /etc/a.json of front is no JSON: Expecting ',' "
            "delimiter (line 3); correct it, or give it another name\n"
        ),
        near=holds("/etc/a.json", "// why", '{"key": 1,}'),
    ),
    Row(
        rule="M12",
        why="TOML",
        breaks=holds("/etc/a.toml", "[server]", "port = = 1"),
        says=(
            f"{WEB}:2: services.front.configs: /etc/a.toml of front is no TOML: it cannot be read "
            "at line 2; correct it, or give it another name\n"
        ),
        near=holds("/etc/a.toml", "[server]", "port = 1"),
    ),
    Row(
        rule="M12",
        why="TOML that ends too early",
        breaks=holds("/etc/a.toml", 'key = """'),
        says=(
            f"{WEB}:2: services.front.configs: /etc/a.toml of front is no TOML: it cannot be read "
            "at its end; correct it, or give it another name\n"
        ),
        near=holds("/etc/a.conf", 'key = """'),
    ),
    Row(
        rule="M12",
        why="what others manage is theirs",
        breaks=holds("/etc/a.json", "{"),
        says=(
            f"{WEB}:2: services.front.configs: /etc/a.json of front is no JSON: Expecting "
            "property name enclosed in double quotes (line 2); correct it, or give it another "
            "name\n"
        ),
        near=of_others(holds("/etc/a.json", "{")),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
