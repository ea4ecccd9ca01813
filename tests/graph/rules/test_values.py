"""Rules on environment variables and secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import STAND_IN, front, of_others
from tests.graph.rules.row import FILE, SYSTEM, WEB, Row, service
from tests.workspace import SHOP

AT = f"{WEB}:2: services.front.environment"
PASSWORD = "${DB_PASSWORD}"
BUILT = "is read when the image is built, and has no effect when it runs"
AS_ARGUMENT = "pass it under build.args, or where the image is built"
POSTGRES = "postgres:16.15"
NO_PASSWORD = (
    f"{AT}: {POSTGRES} does not start without POSTGRES_PASSWORD (or POSTGRES_PASSWORD_FILE, "
    "POSTGRES_HOST_AUTH_METHOD); set one of them under environment\n"
)
UNESCAPED = (
    "has secret DB_PASSWORD in a URL, and on stack prod its value has characters that end or "
    "change one; give it a value of letters, digits, '.', '_', '~' and '-' only\n"
)
IMMUTABLE = (
    f"{FILE}:8: secrets.DB_PASSWORD: KEY of front is DB_PASSWORD, which may never change: WHY; "
    "declare it with immutable: true\n"
)
N8N, WHY_N8N = "n8nio/n8n:2.38.5", "n8n encrypts its stored credentials with it"
MADE = "what is stored was made with it"


def env(name: str, value: str, *lines: str, image: str = "a") -> str:
    return front(image, f"environment: {{{name}: '{value}'}}", *lines)


def secret(value: str, compose: str) -> dict[str, str]:
    """Write the shop with a value of its secret on prod."""
    prod = SHOP["Pulumi.prod.yaml"].replace('{secure: "v1:encrypted"}', f"'{value}'")
    return {"Pulumi.prod.yaml": prod, "web.compose.yaml": compose}


def forever(compose: str) -> dict[str, str]:
    """Write the shop with a secret that never changes."""
    system = SYSTEM.replace("dev: dev-only", "immutable: true, dev: dev-only")
    return {"system.yaml": system, "web.compose.yaml": compose}


def immutable(name: str, why: str) -> str:
    return IMMUTABLE.replace("KEY", name, 1).replace("WHY", why)


def leads(name: str, place: str) -> str:
    return (
        f"{AT}.{name}: {name} leads to {place}, which in a container is the container itself, and "
        "front does not listen there; write the name of the service that does, and the port "
        "inside of its container; or add the port to expose\n"
    )


USED = service("environment: {GREETING: '${GREETING}', DB_PASSWORD: '${DB_PASSWORD}'}")

ROWS = [
    Row(
        rule="D12",
        why="a pulled image",
        breaks=env("NEXT_PUBLIC_API", "https://shop.example.com"),
        says=f"{AT}.NEXT_PUBLIC_API: NEXT_PUBLIC_API {BUILT}; {AS_ARGUMENT}\n",
        near=env("PUBLIC_NEXT_API", "https://shop.example.com"),
    ),
    Row(
        rule="D12",
        why="a built image",
        breaks={
            "web.compose.yaml": env("VITE_API", "/api").replace("image: a", "build: ./front"),
            "systems/shop/front/Dockerfile": "FROM scratch\n",
        },
        says=f"{AT}.VITE_API: VITE_API {BUILT}; {AS_ARGUMENT}\n",
        near={
            "web.compose.yaml": service().replace(
                "image: a", "build: {context: ./front, args: {VITE_API: /api}}"
            ),
            "systems/shop/front/Dockerfile": "FROM scratch\n",
        },
    ),
    Row(
        rule="D12",
        why="a secret",
        breaks=env("REACT_APP_KEY", PASSWORD),
        says=f"{AT}.REACT_APP_KEY: REACT_APP_KEY {BUILT}; built in, secret DB_PASSWORD would be "
        "in every visitor's browser; remove it, and let a server use the secret under another "
        "name\n",
        near=env("APP_KEY", PASSWORD),
    ),
    Row(
        rule="S02",
        why="none of a group",
        breaks=front(POSTGRES),
        says=NO_PASSWORD,
        near=env("POSTGRES_PASSWORD_FILE", "/run/secrets/password", image=POSTGRES),
    ),
    Row(
        rule="S02",
        why="one that must be there by its only name, and is empty",
        breaks={
            "web.compose.yaml": env(
                "BASE_URL", "", "env_file: [own.env]", image="ghcr.io/nicotsx/zerobyte:v0.21.0"
            ),
            "own.env": "APP_SECRET=${DB_PASSWORD}\n",
        },
        says=f"{AT}: ghcr.io/nicotsx/zerobyte:v0.21.0 does not start without BASE_URL; set it "
        "under environment\n",
        near={
            "web.compose.yaml": env(
                "BASE_URL", "/", "env_file: [own.env]", image="ghcr.io/nicotsx/zerobyte:v0.21.0"
            ),
            "own.env": "APP_SECRET=${DB_PASSWORD}\n",
        },
    ),
    Row(
        rule="S02",
        why="a client of the data store",
        breaks=front(POSTGRES, "command: [postgres]"),
        says=NO_PASSWORD,
        near=front(POSTGRES, "command: [pg_dump]"),
    ),
    Row(
        rule="S02",
        why="data that is there already",
        breaks=front(POSTGRES, 'volumes: ["d:/var/lib/postgresql/data"]', tail="volumes: {d: }\n"),
        says=NO_PASSWORD,
        near=front(
            POSTGRES,
            'volumes: ["d:/var/lib/postgresql/data"]',
            tail="volumes: {d: {external: true}}\n",
        ),
    ),
    Row(
        rule="S07",
        why="a password",
        stack="prod",
        breaks=secret("p@ss/word", env("DB", f"postgres://shop:{PASSWORD}@db/shop")),
        says=f"{AT}.DB: DB {UNESCAPED}",
        near=secret("p-ass_word", env("DB", f"postgres://shop:{PASSWORD}@db/shop")),
    ),
    Row(
        rule="S07",
        why="behind the question mark",
        stack="prod",
        breaks=secret("p&ss", env("DB", f"pg://db:5432?u=shop&p={PASSWORD}&d=shop")),
        says=f"{AT}.DB: DB {UNESCAPED}",
        near=secret("T00/B00", env("HOOK", f"https://hooks.example.com/{PASSWORD}?a=b")),
    ),
    Row(
        rule="S07",
        why="in the URL, not beside it",
        stack="prod",
        breaks=secret("p@ss", env("DB", f"redis://:{PASSWORD}@cache:6379 0")),
        says=f"{AT}.DB: DB {UNESCAPED}",
        near=secret("p@ss", env("DB", f"redis://cache:6379?db=0 shop:{PASSWORD}@cache")),
    ),
    Row(
        rule="S07",
        why="no URL at all; an @ in the path",
        stack="prod",
        breaks=secret("p@ss", env("DB", f"amqp://{PASSWORD}@mq")),
        says=f"{AT}.DB: DB {UNESCAPED}",
        near=secret("p@ss", env("DB", f"shop:{PASSWORD}@db and https://x/{PASSWORD}@y")),
    ),
    Row(
        rule="S07",
        why="what others manage is theirs",
        stack="prod",
        breaks=secret("p@ss", env("DB", f"amqp://{PASSWORD}@mq")),
        says=f"{AT}.DB: DB {UNESCAPED}",
        near=secret("p@ss", "") | of_others(env("DB", f"amqp://{PASSWORD}@mq")),
    ),
    Row(
        rule="S08",
        why="a separator, whichever image reads it",
        breaks=env("N8N_RESTRICT_FILE_ACCESS_TO", "/files:/data"),
        says=f"{AT}.N8N_RESTRICT_FILE_ACCESS_TO: N8N_RESTRICT_FILE_ACCESS_TO is not written as "
        'front reads it; separate the paths with ";"\n',
        near=env("N8N_RESTRICT_FILE_ACCESS_TO", "/files;/data"),
    ),
    Row(
        rule="S08",
        why="of one image, around its secrets",
        breaks=env("LIVEKIT_KEYS", f"key:{PASSWORD}", image="livekit/livekit-server:v1.13.5"),
        says=f"{AT}.LIVEKIT_KEYS: LIVEKIT_KEYS is not written as front reads it; write "
        '"key: secret", with a space after the colon\n',
        near=env("LIVEKIT_KEYS", f"key: {PASSWORD}", image="livekit/livekit-server:v1.13.5"),
    ),
    Row(
        rule="S08",
        why="of another image; of a secret nothing is known",
        breaks=env("LIVEKIT_KEYS", "key", image="livekit/livekit-server:v1.13.5"),
        says=f"{AT}.LIVEKIT_KEYS: LIVEKIT_KEYS is not written as front reads it; write "
        '"key: secret", with a space after the colon\n',
        near={
            "web.compose.yaml": env("LIVEKIT_KEYS", "key", image="acme/agent:1.0.0")
            + env("LIVEKIT_KEYS", PASSWORD, image="livekit/livekit-server:v1.13.5")
            .partition("\n")[2]
            .replace("front", "back")
        },
    ),
    Row(
        rule="A10",
        why="an identifier of another's",
        breaks=env("SIP_TRUNK_ID", "TK_1"),
        says=f"{AT}.SIP_TRUNK_ID: SIP_TRUNK_ID names nothing that front could find; use the id "
        "that LiveKit gave the trunk (lk sip outbound list), not the provider's TK_…\n",
        near=env("SIP_TRUNK_ID", "ST_1"),
    ),
    Row(
        rule="A10",
        why="told once",
        breaks=env("LIVEKIT_URL", "ws://localhost:7880"),
        says=f"{AT}.LIVEKIT_URL: LIVEKIT_URL names nothing that front could find; use LiveKit's "
        "service name: localhost is the container that asks\n",
        near=env("LIVEKIT_URL", "ws://livekit:7880"),
    ),
    Row(
        rule="A10",
        why="a stand-in is judged by what the owner wrote",
        breaks={**STAND_IN, "web.compose.yaml": env("DB", "pg://localhost:5432", image="${IMAGE}")},
        says=leads("DB", "localhost:5432"),
        near={**STAND_IN, "web.compose.yaml": env("DB", "pg://db:5432", image="${IMAGE}")},
    ),
    Row(
        rule="A10",
        why="its own port",
        breaks=env("SELF", "http://127.0.0.1:8081/"),
        says=leads("SELF", "127.0.0.1:8081"),
        near=env("SELF", "http://127.0.0.1:8080/"),
    ),
    Row(
        rule="A10",
        why="its own port, published",
        breaks=env("SELF", "http://[::1]:9000", 'ports: ["9000:9001"]'),
        says=leads("SELF", "[::1]:9000"),
        near=env("SELF", "http://[::1]:9001", 'ports: ["9000:9001"]'),
    ),
    Row(
        rule="A10",
        why="the host's network",
        breaks=env("DB", f"postgres://shop:{PASSWORD}@localhost:5432/shop"),
        says=leads("DB", "localhost:5432"),
        near=env("DB", f"postgres://shop:{PASSWORD}@localhost:5432/shop", "network_mode: host"),
    ),
    Row(
        rule="A10",
        why="names that only look like it",
        breaks=env("API", "http://LOCALHOST:3000"),
        says=leads("API", "LOCALHOST:3000"),
        near=env("API", "http://localhost.example.com:3000 http://localhost/"),
    ),
    Row(
        rule="A10",
        why="what browsers are told",
        breaks=env("API_URL", "http://localhost:3000"),
        says=leads("API_URL", "localhost:3000"),
        near=env("CORS_ORIGINS", "http://localhost:3000"),
    ),
    Row(
        rule="A10",
        why="the ingress of this machine",
        breaks=env("APP_URL", "https://localhost:8444"),
        says=leads("APP_URL", "localhost:8444"),
        near=env("APP_URL", "https://localhost:8443"),
    ),
    Row(
        rule="S15",
        why="whichever image reads it",
        breaks=env("N8N_ENCRYPTION_KEY", PASSWORD),
        says=immutable("N8N_ENCRYPTION_KEY", WHY_N8N),
        near=forever(env("N8N_ENCRYPTION_KEY", PASSWORD)),
    ),
    Row(
        rule="S15",
        why="a variable of one image",
        breaks=env("SALT", PASSWORD, image="langfuse/langfuse:3.225.4"),
        says=immutable("SALT", MADE),
        near=env("SALT", PASSWORD),
    ),
    Row(
        rule="S15",
        why="by a file",
        breaks=env(
            "N8N_ENCRYPTION_KEY_FILE",
            "/run/secrets/key",
            "secrets: [key]",
            image=N8N,
        )
        + "secrets: {key: {environment: DB_PASSWORD}}\n",
        says=immutable("N8N_ENCRYPTION_KEY", WHY_N8N),
        near=env(
            "N8N_ENCRYPTION_KEY_FILE",
            "/run/secrets/other",
            "secrets: [key]",
            image=N8N,
        )
        + "secrets: {key: {environment: DB_PASSWORD}}\n",
    ),
    Row(
        rule="S15",
        why="once for each secret",
        breaks=env("SALT", PASSWORD, image="langfuse/langfuse:3.225.4")
        + "  worker: {image: 'langfuse/langfuse-worker:3.225.4', environment: "
        "{ENCRYPTION_KEY: '${DB_PASSWORD}'}}\n",
        says=immutable("SALT", MADE),
        near=env("N8N_ENCRYPTION_KEY", "dev"),
    ),
    Row(
        rule="S16",
        why="the value of dev",
        stack="prod",
        breaks=secret("dev-only", USED),
        says=f"{FILE}:8: secrets.DB_PASSWORD: on stack prod DB_PASSWORD has the dev stack's "
        "value, which anyone can read here; configure a value that is on this stack only\n",
        near=secret("its-own", USED),
    ),
    Row(
        rule="S16",
        why="on dev it is right",
        stack="prod",
        breaks=secret("dev-only", USED),
        says=f"{FILE}:8: secrets.DB_PASSWORD: on stack prod DB_PASSWORD has the dev stack's "
        "value, which anyone can read here; configure a value that is on this stack only\n",
        near={"web.compose.yaml": USED, "stack": "dev"},
    ),
    Row(
        rule="S17",
        why="a variable",
        breaks=env("DB_PASSWORD", PASSWORD),
        says=f"{FILE}:6: variables.GREETING: nothing uses variable GREETING; remove it, "
        "or write ${GREETING} where it belongs\n",
        near=USED,
    ),
    Row(
        rule="S17",
        why="a secret",
        breaks=env("GREETING", "${GREETING}"),
        says=f"{FILE}:8: secrets.DB_PASSWORD: nothing uses secret DB_PASSWORD; remove it, "
        "or write ${DB_PASSWORD} where it belongs\n",
        near=env("GREETING", "${GREETING}", "secrets: [key]")
        + "secrets: {key: {environment: DB_PASSWORD}}\n",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
