"""Rules on secrets that stand in the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import STAND_IN, declares, front, of_others
from tests.graph.rules.row import FILE, WEB, Row, service

AT = f"{WEB}:2: services.front"
FOR_ALL = (
    "for all who can read this file; declare it under secrets in system.yaml, refer to it, and "
    "choose a new value\n"
)


def env(name: str, value: str, image: str = "a") -> str:
    return front(image, f"environment: {{{name}: '{value}'}}")


def value_of(name: str, what: str = "a secret") -> str:
    return f"{AT}.environment.{name}: the value of {name} is or holds {what}, {FOR_ALL}"


def config(content: str) -> str:
    return service(
        "configs: [{source: c, target: /c}]", tail=f"configs: {{c: {{content: '{content}'}}}}\n"
    )


AWS, KEY = "AKIA" + "Q" * 16, "sk-proj-" + "a1B2" * 8
TOKENS = [
    (AWS, AWS[:-1], "an AWS access key"),
    ("ASIA" + "Q" * 16, "EURASIA" + "Q" * 16, "an AWS access key"),
    ("ghp_" + "a" * 36, "ghp_short", "a GitHub token"),
    ("github_pat_" + "a" * 60, "github_pat_", "a GitHub token"),
    ("glpat-" + "a" * 20, "glpat-", "a GitLab token"),
    (KEY, "disk-" + "a" * 30, "an API key"),
    ("xoxb-1234567890-abc", "xoxb-", "a Slack token"),
    ("AIza" + "a" * 35, "AIza" + "a" * 20, "a Google API key"),
    ("-----BEGIN RSA " + "PRIVATE KEY-----", "-----BEGIN PUBLIC KEY-----", "a private key"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJhbGciOiJIUzI1", "a signed token"),
    ("postgres://shop:hunter2@db/shop", "postgres://shop@db/shop", "a password in a URL"),
    ("redis://:hunter2@cache", "redis://:$$PASSWORD@cache", "a password in a URL"),
]

ROWS = [
    *(
        Row(
            rule="S10",
            why=f"the form of {what}: {near}",
            breaks=env("DATA", f"is {token}"),
            says=value_of("DATA", what),
            near=env("DATA", f"is {near}"),
        )
        for token, near, what in TOKENS
    ),
    Row(
        rule="S10",
        why="what a secret stands between",
        breaks=env("DATA", f"{AWS} ${{DB_PASSWORD}}"),
        says=value_of("DATA", "an AWS access key"),
        near=env("DATA", "postgres://shop:${DB_PASSWORD}@db"),
    ),
    *(
        Row(
            rule="S10",
            why=f"a name, {name}, and nearly: {near}",
            breaks=env(name, "hunter2"),
            says=value_of(name),
            near=env(near, "hunter2"),
        )
        for name, near in (
            ("POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE"),
            ("PGPASSWORD", "PASSWORD_POLICY"),
            ("MYSQL_PASSWD", "PASSWD_NAME"),
            ("JWT_SECRET", "AWS_SECRET_NAME"),
            ("SECRET_KEY_BASE", "SECRET_KEY_ID"),
            ("TELEGRAM_BOT_TOKEN", "TOKENIZER"),
            ("API_KEY", "API_KEY_HEADER"),
            ("OPENAI_APIKEY", "OPENAI_APIKEY_URL"),
            ("SIGNING_PRIVATE_KEY", "SIGNING_PUBLIC_KEY"),
            ("GOOGLE_CREDENTIALS", "CREDENTIAL_HOST"),
            ("db_password_2", "db_user_2"),
            ("TOKEN", "NEXT_PUBLIC_TOKEN"),
        )
    ),
    *(
        Row(
            rule="S10",
            why=f"a value that is a secret, and nearly: {near}",
            breaks=env("TOKEN", value),
            says=value_of("TOKEN"),
            near=env("TOKEN", near),
        )
        for value, near in (
            ("truely", "true"),
            ("4096x", "4096"),
            ("15mm", "15m"),
            ("16MiBs", "16MiB"),
            ("run/secrets/token", "/run/secrets/token"),
            ("httpx://example.com", "https://example.com/token"),
            ("included", "include"),
            ("x", ""),
            ("DB_PASSWORD", "${DB_PASSWORD}"),
        )
    ),
    Row(
        rule="S10",
        why="in a file of variables",
        breaks={
            "web.compose.yaml": service("env_file: [own.env]"),
            "own.env": "API_KEY=hunter2\n",
        },
        says=f"{AT}.env_file: the value of API_KEY is or holds a secret, {FOR_ALL}",
        near={
            "web.compose.yaml": service("env_file: [own.env]"),
            "own.env": "API_KEY=${DB_PASSWORD}\n",
        },
    ),
    Row(
        rule="S10",
        why="by a variable that is no secret",
        breaks=env("API_KEY", "${GREETING}"),
        says=value_of("API_KEY"),
        near=env("GREETING", "${GREETING}"),
    ),
    Row(
        rule="S10",
        why="in a config",
        breaks=config(f"key: {KEY}"),
        says=f"{AT}.configs: the config at /c is or holds an API key, {FOR_ALL}",
        near=config("key: $$KEY"),
    ),
    Row(
        rule="S10",
        why="in a label",
        breaks=service('labels: {hook: "https://a:hunter2@b"}'),
        says=f"{AT}.labels.hook: the label hook is or holds a password in a URL, {FOR_ALL}",
        near=service('labels: {hook: "https://a@b"}'),
    ),
    Row(
        rule="S10",
        why="in a command",
        breaks=service(f"command: [run, --key, {KEY}]"),
        says=f"{AT}.command: the command of front is or holds an API key, {FOR_ALL}",
        near=service("command: [run, --key, sk-short]"),
    ),
    Row(
        rule="S10",
        why="in an entrypoint",
        breaks=service(f"entrypoint: [run, --key={AWS}]"),
        says=f"{AT}.command: the command of front is or holds an AWS access key, {FOR_ALL}",
        near=service("entrypoint: [run, --key=/run/secrets/key]"),
    ),
    Row(
        rule="S10",
        why="in a health check",
        breaks=service('healthcheck: {test: "curl http://a:hunter2@127.0.0.1/"}'),
        says=f"{AT}.healthcheck: the health check of front is or holds a password in a URL, "
        f"{FOR_ALL}",
        near=service('healthcheck: {test: "curl http://a:$$PASSWORD@127.0.0.1/"}'),
    ),
    Row(
        rule="S10",
        why="in the command of a job",
        breaks={
            "system.yaml": declares(
                "jobs:",
                "  ping: {host: vps, schedule: '0 3 * * *', purpose: Beat, "
                "command: 'curl https://a:hunter2@example.com'}",
            )
        },
        says=f"{FILE}:14: jobs.ping.command: the command of ping is or holds a password in a URL, "
        f"{FOR_ALL}",
        near={
            "system.yaml": declares(
                "jobs:",
                "  ping: {host: vps, schedule: '0 3 * * *', purpose: Beat, "
                "command: 'curl https://example.com'}",
            )
        },
    ),
    Row(
        rule="S10",
        why="of a stand-in",
        breaks={**STAND_IN, "web.compose.yaml": env("API_KEY", "hunter2", "${IMAGE}")},
        says=value_of("API_KEY"),
        near={**STAND_IN, "web.compose.yaml": env("API_KEY", "${DB_PASSWORD}", "${IMAGE}")},
    ),
    Row(
        rule="S10",
        why="of what others manage",
        breaks=of_others(env("API_KEY", "hunter2")),
        says=value_of("API_KEY"),
        near=of_others(env("API_KEY", "${DB_PASSWORD}")),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)


def test_a_value_is_never_shown(tmp_path: Path) -> None:
    broken = [row for row in ROWS if "hunter2" in str(row.breaks)]
    assert broken
    assert not any("hunter2" in row.says for row in broken)
