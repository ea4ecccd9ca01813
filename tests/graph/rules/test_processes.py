"""Rules on programs that hosts run themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import declares, front, of_others
from tests.graph.rules.row import FILE, Row


def process(**keys: str) -> dict[str, str]:
    """Write the shop with a process, some of its keys given."""
    spec = {
        "host": "vps",
        "manager": "systemd",
        "purpose": "API",
        "command": "node dist/index.js",
        "directory": "/srv/api",
        "user": "api",
        "memory": "512MiB",
        **keys,
    }
    given = ", ".join(f"{key}: {value}" for key, value in spec.items() if value)
    return {"system.yaml": declares("processes:", f"  api: {{{given}}}")}


def job(command: str) -> dict[str, str]:
    """Write the shop with a job."""
    spec = f"host: vps, schedule: '0 3 * * *', purpose: Tidy, command: '{command}'"
    return {"system.yaml": declares("jobs:", f"  tidy: {{{spec}}}")}


def of_others_with(own: dict[str, str]) -> dict[str, str]:
    """Write what a system has besides its apps, on a host that others manage."""
    _, _, more = own["system.yaml"].partition("front:8080}\n")
    theirs = of_others(front("a"))
    return {**theirs, "system.yaml": theirs["system.yaml"] + more}


def fetches(tool: str, package: str, like: str, node: str = "jobs.tidy") -> str:
    return (
        f"{FILE}:14: {node}.command: {tool} fetches whichever {package} is the newest at the "
        f"time; name the version, like {like}\n"
    )


SHORT_LIVED = "is emptied when the host restarts, or cleaned up before; move it to a lasting place"
NO_LIMIT = (
    f"{FILE}:14: processes.api: api may take all memory of vps, its network and SSH with it; "
    "give it memory, the most that it may use\n"
)
NOT_ON_BOOT = (
    f"{FILE}:14: processes.api.on_boot: api is not started again when its host restarts; set "
    "on_boot to true, and let its manager start it\n"
)


def emptied(node: str, path: str) -> str:
    return f"{FILE}:14: {node}: {path} {SHORT_LIVED}, like /srv or /opt\n"


ROWS = [
    Row(
        rule="D04",
        why="a process, with npx",
        breaks=process(command="npx -y serve -l 3000"),
        says=fetches("npx", "serve", "serve@1.2.3", "processes.api"),
        near=process(command="npx -y serve@14.2.5 -l 3000"),
    ),
    Row(
        rule="D04",
        why="a tag that moves; a scope is no version",
        breaks=job("cd /srv && npx @acme/tool@latest"),
        says=fetches("npx", "@acme/tool@latest", "@acme/tool@1.2.3"),
        near=job("cd /srv && npx @acme/tool@v2.0.0"),
    ),
    Row(
        rule="D04",
        why="npm exec, at its place",
        breaks=job("/usr/bin/npm exec -- eslint ."),
        says=fetches("npm exec", "eslint", "eslint@1.2.3"),
        near=job("/srv/own/npx eslint ."),
    ),
    Row(
        rule="D04",
        why="the package that is named is the one that counts",
        breaks=job("npx -p typescript tsc@5.9"),
        says=fetches("npx", "typescript", "typescript@1.2.3"),
        near=job("npx --package=typescript@5.9.3 tsc"),
    ),
    Row(
        rule="D04",
        why="what fetches nothing",
        breaks=job("bunx eslint ."),
        says=fetches("bunx", "eslint", "eslint@1.2.3"),
        near=job("npx --no-install eslint ."),
    ),
    Row(
        rule="D04",
        why="uvx, whose -p is Python's version",
        breaks=job("uvx -p 3.12 ruff check"),
        says=fetches("uvx", "ruff", "ruff@1.2.3"),
        near=job("uvx -p 3.12 ruff@0.14.1 check"),
    ),
    Row(
        rule="D04",
        why="uvx with another package",
        breaks=job("uvx --from httpie http"),
        says=fetches("uvx", "httpie", "httpie@1.2.3"),
        near=job("uvx --from httpie==3.2.4 http"),
    ),
    Row(
        rule="D04",
        why="pipx run",
        breaks=job("pipx run cowsay hi"),
        says=fetches("pipx run", "cowsay", "cowsay==1.2.3"),
        near=job("pipx run cowsay==6.1 hi"),
    ),
    Row(
        rule="D04",
        why="each package of pip",
        breaks=job("python3 -m pip install --upgrade mkdocs==1.6.1 mkdocs-material>=9"),
        says=fetches("pip install", "mkdocs-material>=9", "mkdocs-material==1.2.3"),
        near=job("python3 -m pip install --upgrade mkdocs==1.6.1 mkdocs-material==9.7.0"),
    ),
    Row(
        rule="D04",
        why="versions that stand in a file",
        breaks=job("pip3 install mkdocs"),
        says=fetches("pip3 install", "mkdocs", "mkdocs==1.2.3"),
        near=job(
            "pip3 install -r requirements.txt; pip3 install -c pins.txt mkdocs; pip install ."
        ),
    ),
    Row(
        rule="D04",
        why="in a shell",
        breaks=job('bash -lc "cd /srv && npx serve"'),
        says=fetches("npx", "serve", "serve@1.2.3"),
        near=job('bash -lc "cd /srv && npx serve@14.2.5"'),
    ),
    Row(
        rule="D04",
        why="what others manage is theirs",
        breaks=job("npx serve"),
        says=fetches("npx", "serve", "serve@1.2.3"),
        near=of_others_with(job("npx serve")),
    ),
    Row(
        rule="F05",
        why="no limit",
        breaks=process(memory=""),
        says=NO_LIMIT,
        near=process(memory="512MiB"),
    ),
    Row(
        rule="F05",
        why="what others manage is theirs",
        breaks=process(memory=""),
        says=NO_LIMIT,
        near=of_others_with(process(memory="")),
    ),
    Row(
        rule="K16",
        why="the directory",
        breaks=process(directory="/tmp/api"),
        says=emptied("processes.api.directory", "/tmp/api"),
        near=process(directory="/tmpfiles/api"),
    ),
    Row(
        rule="K16",
        why="data",
        breaks=process(data="[/srv/api/db, /dev/shm/cache]"),
        says=emptied("processes.api.data", "/dev/shm/cache"),
        near=process(data="[/srv/api/db, /var/cache]"),
    ),
    Row(
        rule="K16",
        why="the program, not what it is told",
        breaks=process(command="/var/tmp/venv/bin/python app.py"),
        says=emptied("processes.api.command", "/var/tmp/venv/bin/python"),
        near=process(command="/srv/venv/bin/python app.py --socket /run/api.sock"),
    ),
    Row(
        rule="K16",
        why="the program of a job",
        breaks=job("/run/tidy.sh --all"),
        says=emptied("jobs.tidy.command", "/run/tidy.sh"),
        near=job("/opt/tidy.sh /run"),
    ),
    Row(
        rule="K16",
        why="a site",
        breaks={
            "system.yaml": declares("sites:", "  d: {host: vps, path: /tmp/site, purpose: Docs}")
        },
        says=emptied("sites.d.path", "/tmp/site"),
        near={"system.yaml": declares("sites:", "  d: {host: vps, path: /srv/tmp, purpose: Docs}")},
    ),
    Row(
        rule="K16",
        why="not started again",
        breaks=process(on_boot="false"),
        says=NOT_ON_BOOT,
        near=process(on_boot="true"),
    ),
    Row(
        rule="K16",
        why="what others manage is theirs",
        breaks=process(on_boot="false"),
        says=NOT_ON_BOOT,
        near=of_others_with(process(on_boot="false", directory="/tmp/api")),
    ),
    Row(
        rule="K16",
        why="a site that others manage",
        breaks={
            "system.yaml": declares("sites:", "  d: {host: vps, path: /tmp/site, purpose: Docs}")
        },
        says=emptied("sites.d.path", "/tmp/site"),
        near=of_others_with(
            {"system.yaml": declares("sites:", "  d: {host: vps, path: /tmp/site, purpose: Docs}")}
        ),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
