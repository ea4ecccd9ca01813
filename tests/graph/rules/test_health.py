"""Rules on health checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.rules.health import _programs
from tests.graph.rules.row import SYSTEM, WEB, Row, service


def checked(test: str, *lines: str, image: str = "a", more: str = "") -> str:
    """Write a routed service with a health check, on port 8080."""
    check = f"healthcheck: {{test: {test}, timeout: 5s{more}}}"
    return service(check, *lines).replace("image: a", f'image: "{image}"', 1)


def paced(said: str, test: str = "nc 127.0.0.1") -> str:
    return service(f"healthcheck: {{test: {test}, {said}}}")


QDRANT = "qdrant/qdrant:v1.18.1"
LITELLM = "ghcr.io/berriai/litellm:v1.83.3-stable"
VIKUNJA = "vikunja/vikunja:2.8.0"
STANDS_IN = SYSTEM.replace(
    "variables:\n", "variables:\n  WEB_IMAGE: {purpose: x, stand_in: true}\n"
)

ROWS = [
    Row(
        rule="H01",
        why="CMD calls what the image lacks",
        breaks=checked("[CMD, wget, -q, http://127.0.0.1:8080/]", image=QDRANT),
        says=f"{WEB}:2: services.front.healthcheck: front's health check calls wget, which "
        "qdrant/qdrant:v1.18.1 does not have: it would never be healthy; call a program of "
        "the image's own\n",
        near=checked("[CMD, bash, -c, ': > /dev/tcp/127.0.0.1/8080']", image=QDRANT),
    ),
    Row(
        rule="H01",
        why="a script calls it in the middle",
        breaks=checked("'A=1 test -f /a && /usr/bin/curl -f http://127.0.0.1:8080/'", image=QDRANT),
        says=f"{WEB}:2: services.front.healthcheck: front's health check calls curl, which "
        "qdrant/qdrant:v1.18.1 does not have: it would never be healthy; call a program of "
        "the image's own\n",
        near=checked("'A=curl test -f \"; curl\" && echo curl'", image=QDRANT),
    ),
    Row(
        rule="H01",
        why="a shell calls it",
        breaks=checked(
            "[CMD, sh, -c, 'exec curl -f http://127.0.0.1:8080/ || exit 1']", image=QDRANT
        ),
        says=f"{WEB}:2: services.front.healthcheck: front's health check calls curl, which "
        "qdrant/qdrant:v1.18.1 does not have: it would never be healthy; call a program of "
        "the image's own\n",
        near=checked("[CMD, sh, 'curl', -c, 'exit 1']", image=QDRANT),
    ),
    Row(
        rule="H01",
        why="an image without a shell",
        breaks=checked("/app/vikunja/vikunja healthcheck", image=VIKUNJA),
        says=f"{WEB}:2: services.front.healthcheck: front's health check calls sh, which "
        "vikunja/vikunja:2.8.0 does not have: it would never be healthy; call a program of "
        "the image's own\n",
        near=checked("[CMD, /app/vikunja/vikunja, healthcheck]", image=VIKUNJA),
    ),
    Row(
        rule="H01",
        why="an image that nothing is known of",
        breaks=checked("[CMD, wget, -q, http://127.0.0.1:8080/]", image=QDRANT),
        says=f"{WEB}:2: services.front.healthcheck: front's health check calls wget, which "
        "qdrant/qdrant:v1.18.1 does not have: it would never be healthy; call a program of "
        "the image's own\n",
        near=checked("[CMD, wget, -q, http://127.0.0.1:8080/]", image="example.com/qdrant:1.2.3"),
    ),
    Row(
        rule="H01",
        why="a check that is off, or cannot be read",
        breaks=checked("curl -f http://127.0.0.1:8080/", image=QDRANT),
        says=f"{WEB}:2: services.front.healthcheck: front's health check calls curl, which "
        "qdrant/qdrant:v1.18.1 does not have: it would never be healthy; call a program of "
        "the image's own\n",
        near=checked("'curl -f \"http://127.0.0.1:8080/'", image=QDRANT),
    ),
    Row(
        rule="H03",
        why="localhost",
        breaks=checked("wget -q http://localhost:8080/"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check asks localhost, which is "
        "::1 in many images and not where the program listens; ask 127.0.0.1\n",
        near=checked("'wget -q --header \"Host: localhost\" http://127.0.0.1:8080/'"),
    ),
    Row(
        rule="H03",
        why="a name that begins or ends like it; MySQL's clients take it for a socket",
        breaks=checked("[CMD, nc, -z, localhost]"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check asks localhost, which is "
        "::1 in many images and not where the program listens; ask 127.0.0.1\n",
        near=checked("mysqladmin ping -h localhost && nc my-localhost && nc localhost.example.com"),
    ),
    Row(
        rule="H04",
        why="another port",
        breaks=checked("curl -f http://127.0.0.1:8081/"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check asks port 8081, but it "
        "listens on 8080; ask a port that it listens on, or add this one to expose\n",
        near=checked("curl -f http://127.0.0.1:8080/"),
    ),
    Row(
        rule="H04",
        why="the scheme's port; a port that only the shell knows",
        breaks=checked("curl -f http://localhost/"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check asks port 80, but it "
        "listens on 8080; ask a port that it listens on, or add this one to expose\n",
        near=checked("curl -f http://localhost:$$PORT/ && pg_isready -h 127.0.0.1"),
    ),
    Row(
        rule="H04",
        why="bash's own request; the container's side of a published port",
        breaks=checked("bash -c '>/dev/tcp/127.0.0.1/9000'", 'ports: ["9000:9001"]'),
        says=f"{WEB}:2: services.front.healthcheck: front's health check asks port 9000, but it "
        "listens on 8080, 9001; ask a port that it listens on, or add this one to expose\n",
        near=checked("bash -c '>/dev/tcp/127.0.0.1/9001'", 'ports: ["9000:9001"]'),
    ),
    Row(
        rule="H04",
        why="TLS; the port of another service",
        breaks=checked("curl -f https://0.0.0.0/"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check asks port 443, but it "
        "listens on 8080; ask a port that it listens on, or add this one to expose\n",
        near=checked("curl -f https://db.example.com/"),
    ),
    Row(
        rule="H04",
        why="a service that tells no port",
        breaks=checked("curl -f http://127.0.0.1:8081/"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check asks port 8081, but it "
        "listens on 8080; ask a port that it listens on, or add this one to expose\n",
        near=checked("curl -f http://127.0.0.1:8081/").replace('expose: ["8080"]', "expose: []"),
    ),
    Row(
        rule="H05",
        why="a path that wants a key",
        breaks=checked("python /ask.py http://127.0.0.1:8080/health/", image=LITELLM),
        says=f"{WEB}:2: services.front.healthcheck: front's health check asks /health, which "
        "answers only to whoever has credentials; ask /health/readiness\n",
        near=checked("python /ask.py http://127.0.0.1:8080/health/readiness", image=LITELLM),
    ),
    Row(
        rule="H05",
        why="with the key",
        breaks=checked("python /ask.py http://127.0.0.1:8080/health", image=LITELLM),
        says=f"{WEB}:2: services.front.healthcheck: front's health check asks /health, which "
        "answers only to whoever has credentials; ask /health/readiness\n",
        near=checked(
            "'python /ask.py -H \"Authorization: Bearer a\" http://127.0.0.1:8080/health'",
            image=LITELLM,
        ),
    ),
    Row(
        rule="H06",
        why="waits longer than until the next",
        breaks=paced("interval: 10s, timeout: 11s"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check may take 11s, longer than "
        "the 10s until the next; set a timeout of at most 10s, or a longer interval\n",
        near=paced("interval: 10s, timeout: 10s"),
    ),
    Row(
        rule="H06",
        why="waits as long as Docker does where nothing is said",
        breaks=paced("interval: 10s"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check may take 30s, longer than "
        "the 10s until the next; set a timeout of at most 10s, or a longer interval\n",
        near=paced("interval: 0s"),
    ),
    Row(
        rule="H06",
        why="asks too often",
        breaks=paced("interval: 1s, timeout: 1s"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check asks every 1s, which costs"
        " more than it tells; ask every 5s or less often\n",
        near=paced("interval: 2s, timeout: 1s"),
    ),
    Row(
        rule="H06",
        why="notices too late",
        breaks=paced("interval: 5m, timeout: 5s, retries: 7"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check needs 35m0s to notice a "
        "failure; lower its retries or its interval\n",
        near=paced("interval: 5m, timeout: 5s, retries: 6"),
    ),
    Row(
        rule="H06",
        why="a broker answers slowly",
        breaks=paced("interval: 60s, timeout: 10s", "celery -A app inspect ping"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check asks by way of a broker, "
        "which a busy host does not manage in 10s; set a timeout of 30s or more, or ask a "
        "port of its own\n",
        near=paced("interval: 60s, timeout: 30s", "celery -A app inspect ping"),
    ),
    Row(
        rule="H07",
        why="routed to without a check",
        breaks=service(),
        says=f"{WEB}:2: services.front: front is routed to but has no health check: nobody sees "
        "that it hangs; give it one that asks http://127.0.0.1:8080/ or the like\n",
        near={
            "system.yaml": SYSTEM.replace("{to: web/front:8080}", "{to: web/back:8080}"),
            "web.compose.yaml": service(
                tail="  back: {image: a, healthcheck: {test: nc 127.0.0.1 8080}}\n"
            ),
        },
    ),
    Row(
        rule="H07",
        why="what stands in for an image of the owners",
        breaks={"system.yaml": STANDS_IN, "web.compose.yaml": service()},
        says=f"{WEB}:2: services.front: front is routed to but has no health check: nobody sees "
        "that it hangs; give it one that asks http://127.0.0.1:8080/ or the like\n",
        near={
            "system.yaml": STANDS_IN,
            "web.compose.yaml": service().replace("image: a", "image: $WEB_IMAGE"),
        },
    ),
    Row(
        rule="H07",
        why="a check that is off; what is known of the image",
        breaks=checked("[NONE]", image=LITELLM),
        says=f"{WEB}:2: services.front: front is routed to but has no health check: nobody sees "
        "that it hangs; give it one that asks http://127.0.0.1:8080/health/readiness or the "
        "like\n",
        near=checked("[CMD, python, /ask.py]", image=LITELLM),
    ),
    Row(
        rule="H07",
        why="a check that is always right",
        breaks=checked("exit 0"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check (exit 0) says nothing of "
        "its answers; give it one that asks http://127.0.0.1:8080/ or the like\n",
        near=checked("wget -q http://127.0.0.1:8080/ || exit 1"),
    ),
    Row(
        rule="H07",
        why="a program's version",
        breaks=checked("[CMD, caddy, version]"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check (caddy version) says "
        "nothing of its answers; give it one that asks http://127.0.0.1:8080/ or the like\n",
        near=checked("[CMD, caddy, validate]"),
    ),
    Row(
        rule="H07",
        why="that it runs, which Docker knows",
        breaks=checked("[CMD, sh, -c, 'kill -0 1 || exit 1']"),
        says=f"{WEB}:2: services.front.healthcheck: front's health check (kill -0 1) says nothing "
        "of its answers; give it one that asks http://127.0.0.1:8080/ or the like\n",
        near=checked("[CMD, sh, -c, 'kill -0 1 && wget -q http://127.0.0.1:8080/']"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)


@pytest.mark.parametrize(
    ("test", "programs"),
    [
        (["CMD"], []),
        (["CMD", "/bin/wget", "curl"], ["wget"]),
        (["CMD", "sh", "-c", "a; b"], ["sh", "a", "b"]),
        (["CMD-SHELL", "A=1 a b | c > d || ! e"], ["sh", "a", "c", "e"]),
        (["CMD-SHELL", "if a; then b; else c; fi"], ["sh", "a", "b", "c", "fi"]),
        (["CMD-SHELL", "(a)\nb &\nc 'd; e' # f"], ["sh", "a", "b", "c"]),
        (["CMD-SHELL", "a 'b"], ["sh"]),
    ],
)
def test_programs_that_a_check_calls(test: list[str], programs: list[str]) -> None:
    assert list(_programs(test)) == programs
