"""Rules on who calls whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import declares
from tests.graph.rules.row import FILE, WEB, Row, service, two_apps

OTHER = "  other: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB}\n"
FAR = "apps:\n  far: {host: other, compose: far.compose.yaml}\n"
EXTERNALS = (
    "externals:",
    "  patients: {purpose: Records, data: patients}",
    "  anything: {purpose: Records}",
)
PROCESS = (
    "processes:",
    "  api: {{host: {host}, manager: systemd, purpose: API, command: api, directory: /srv, "
    "user: api, listens: ['{listens}']}}",
)


def calls(*flows: str, db: str = "", front: str = "", more: tuple[str, ...] = ()) -> dict[str, str]:
    """Write the shop with flows, a second service, and a third on another host."""
    text = declares(*EXTERNALS, *more, *(["flows:"] if flows else []), *(f"  - {f}" for f in flows))
    own = (f"networks: [{front}]",) if front else ()
    return {
        "system.yaml": text.replace("apps:\n", OTHER + FAR),
        "web.compose.yaml": service(
            *own, tail=f"  db: {{image: b{db}}}\nnetworks: {{front: {{}}, back: {{}}}}\n"
        ),
        "far.compose.yaml": "services: {far: {image: c}}\n",
    }


def labelled(flow: str, *databases: str) -> dict[str, str]:
    """Write a flow, and databases of the second service."""
    return calls(flow, more=("databases:", *(f"  {each}" for each in databases)))


def process(flow: str, listens: str, host: str = "vps", front: str = "") -> dict[str, str]:
    """Write a flow to a process that listens somewhere."""
    lines = tuple(line.format(host=host, listens=listens) for line in PROCESS)
    files = calls(flow, more=lines)
    web = files["web.compose.yaml"].replace("image: a\n", f"image: a\n{front}")
    return {**files, "web.compose.yaml": web}


def far(flow: str, spec: str) -> dict[str, str]:
    """Write a flow, and the service on the other host."""
    return {**calls(flow), "far.compose.yaml": f"services: {{far: {{image: c{spec}}}}}\n"}


def joined(network: str) -> dict[str, str]:
    """Write a flow to another app, whose service is on a network that the first app made."""
    files = two_apps(
        service("networks: [back]", tail="networks: {back: {}}\n"),
        service(
            "networks: [theirs]",
            name="n8n",
            tail=f"networks: {{theirs: {{external: true, name: {network}}}}}\n",
        ),
    )
    flows = "flows:\n  - web/front -> crm/n8n\n"
    return {**files, "system.yaml": files["system.yaml"] + flows}


APART = ", networks: [back]"
PORT = ", ports: ['{0}5432:5432']"
TO_DB = "web/front -> web/db"
HOST = "    network_mode: host\n"
SENT = "web/front -> web/db: {data: test-patients}"
PATIENTS = "p: {server: web/db, data: patients}"
TESTS = "t: {server: web/db, data: test-patients}"


def member(
    *flows: str,
    on: str = "front, back",
    more: tuple[str, ...] = (),
    lines: str = "",
    route: bool = False,
    networks: str = "front: {}, back: {}",
) -> dict[str, str]:
    """Write the shop with a service on networks beside the routed one."""
    text = declares(*EXTERNALS, *more, *(["flows:"] if flows else []), *(f"  - {f}" for f in flows))
    compose = service(
        "networks: [front]",
        tail=f"  app:\n    image: b\n    networks: [{on}]\n{lines}"
        f"  db: {{image: c, networks: [back]}}\nnetworks: {{{networks}}}\n",
    )
    if route:
        text = text.replace("routes:\n", "routes:\n  app.example.com: {to: web/app:80}\n")
    return {"system.yaml": text, "web.compose.yaml": compose}


USES_DB = "web/app -> web/db"
MONITOR = (
    "monitors:",
    "  app: {prober: web/app, target: 'web/front:80', every: 5m, notify: [patients]}",
)


def tells(step: str, *flows: str, more: tuple[str, ...] = ()) -> dict[str, str]:
    """Write a scenario of a step (or the YAML of one), and flows."""
    said = step if step.startswith("{") else f'"{step}"'
    scenario = (
        "scenarios:",
        "  call:",
        "    purpose: Asks",
        "    actors: [user]",
        f"    steps: [{said}]",
    )
    return calls(*flows, more=(*more, *scenario))


BACKUP = (
    "buckets:",
    "  off: {provider: aws, region: eu, purpose: Copies}",
    "backups:",
    "  nightly:",
    "    host: vps",
    "    schedule: '0 3 * * *'",
    "    directory: /backups",
    "    captures: [{of: web/db, method: copy}]",
    "    copies: [{by: web/db, to: off}]",
    "    heartbeat: anything",
)
WATCH = (
    "monitors:",
    "  a: {prober: anything, target: 'https://shop.example.com', every: 5m, notify: [patients]}",
)

OTHER_DATA = (
    f"{FILE}:19: flows[0]: web/front sends test-patients to patients, which is for "
    "patients; call the one that is for it, or correct the label\n"
)
OTHER_DATABASE = (
    f"{FILE}:21: flows[0]: web/front sends test-patients to p, which is for patients; "
    "call the one that is for it, or correct the label\n"
)
APART_FROM_DB = (
    f"{FILE}:19: flows[0]: web/front calls web/db, and they share no network; put both on "
    "one network; or, if it calls by a public name, route a name to it, and give it via\n"
)
FAR_CLOSED = (
    f"{FILE}:19: flows[0]: web/front calls far/far on other, which publishes no port; "
    "publish the port with access for the caller; or, if it calls by a public name, "
    "route a name to it, and give it via\n"
)
LOOPBACK_ONLY = (
    f"{FILE}:21: flows[0]: web/front calls api, which listens on the loopback address of "
    "vps only; let it listen on an address that the caller reaches, with access for it, "
    "or call it by a route\n"
)
NEEDLESS = (
    f"{WEB}:6: services.app.networks: app is on front, where it calls nobody and nobody "
    "calls it; take it off front, or declare the flow that needs it\n"
)

ROWS = [
    Row(
        rule="A07",
        why="an external that holds other data",
        breaks=calls("web/front -> patients: {data: test-patients}"),
        says=OTHER_DATA,
        near=calls("web/front -> patients: {data: patients}"),
    ),
    Row(
        rule="A07",
        why="an external that does not say what it holds",
        breaks=calls("web/front -> patients: {data: test-patients}"),
        says=OTHER_DATA,
        near=calls("web/front -> anything: {data: test-patients}"),
    ),
    Row(
        rule="A07",
        why="a server's database",
        breaks=labelled(SENT, PATIENTS),
        says=OTHER_DATABASE,
        near=labelled(SENT, PATIENTS, TESTS),
    ),
    Row(
        rule="A07",
        why="a database that does not say what it holds",
        breaks=labelled(SENT, PATIENTS),
        says=OTHER_DATABASE,
        near=labelled(SENT, PATIENTS, "o: {server: web/db}"),
    ),
    Row(
        rule="A07",
        why="the databases that the caller uses",
        breaks=labelled(SENT, PATIENTS.replace("}", ", used_by: [web/front]}"), TESTS),
        says=(
            f"{FILE}:22: flows[0]: web/front sends test-patients to p, which is for patients; "
            "call the one that is for it, or correct the label\n"
        ),
        near=labelled(SENT, PATIENTS, TESTS.replace("}", ", used_by: [web/front]}")),
    ),
    Row(
        rule="G06",
        why="no network that both are on",
        breaks=calls(TO_DB, front="front", db=APART),
        says=APART_FROM_DB,
        near=calls(TO_DB, front="'front', back", db=APART),
    ),
    Row(
        rule="G06",
        why="a network of one app that the other joins",
        breaks=joined("other_back"),
        says=(
            f"{FILE}:15: flows[0]: web/front calls crm/n8n, and they share no network; put both on "
            "one network; or, if it calls by a public name, route a name to it, and give it via\n"
        ),
        near=joined("web_back"),
    ),
    Row(
        rule="G06",
        why="by a name",
        breaks=calls("web/db -> web/front", front="front", db=APART),
        says=(
            f"{FILE}:19: flows[0]: web/db calls web/front, and they share no network; put both on "
            "one network; or, if it calls by a public name, give the flow via: shop.example.com\n"
        ),
        near=calls("web/db -> web/front: {via: shop.example.com}", front="front", db=APART),
    ),
    Row(
        rule="G06",
        why="the loopback address of a container is not its host's",
        breaks=calls(TO_DB, front="front", db=APART + PORT.format("127.0.0.1:")),
        says=APART_FROM_DB,
        near=calls(TO_DB, front="front", db=APART + PORT.format("")),
    ),
    Row(
        rule="G06",
        why="who is on the host's own network reaches what is published there",
        breaks=process("api -> web/db", "3000"),
        says=(
            f"{FILE}:21: flows[0]: api calls web/db on vps, which publishes no port; publish the "
            "port with access for the caller; or, if it calls by a public name, route a name to "
            "it, and give it via\n"
        ),
        near=calls(
            "api -> web/db",
            db=PORT.format("127.0.0.1:"),
            more=tuple(line.format(host="vps", listens="3000") for line in PROCESS),
        ),
    ),
    Row(
        rule="G06",
        why="on another host",
        breaks=far("web/front -> far/far", ", ports: ['127.0.0.1:5432:5432']"),
        says=(
            f"{FILE}:19: flows[0]: web/front calls far/far on other, which publishes no port "
            "beyond its host; publish the port with access for the caller; or, if it calls by a "
            "public name, route a name to it, and give it via\n"
        ),
        near=far("web/front -> far/far", ", ports: ['5432:5432']"),
    ),
    Row(
        rule="G06",
        why="on another host, and on that host's own network",
        breaks=far("web/front -> far/far", ""),
        says=FAR_CLOSED,
        near=far("web/front -> far/far", ", network_mode: host"),
    ),
    Row(
        rule="G06",
        why="others reach what they reach",
        breaks=far("web/front -> far/far", ""),
        says=FAR_CLOSED,
        near=far("anything -> far/far", ""),
    ),
    Row(
        rule="G06",
        why="a process that listens on the host's loopback address",
        breaks=process("web/front -> api", "127.0.0.1:3000"),
        says=LOOPBACK_ONLY,
        near=process("web/front -> api", "0.0.0.0:3000"),
    ),
    Row(
        rule="G06",
        why="from the host's own network",
        breaks=process("web/front -> api", "127.0.0.1:3000"),
        says=LOOPBACK_ONLY,
        near=process("web/front -> api", "127.0.0.1:3000", front=HOST),
    ),
    Row(
        rule="G06",
        why="a process of another host",
        breaks=process("web/front -> api", "127.0.0.1:3000", host="other", front=HOST),
        says=(
            f"{FILE}:21: flows[0]: web/front calls api, which listens on the loopback address of "
            "other only; let it listen on an address that the caller reaches, with access for "
            "it, or call it by a route\n"
        ),
        near=process("web/front -> api", "192.0.2.20:3000", host="other", front=HOST),
    ),
    Row(
        rule="G07",
        why="a network on which it meets nobody",
        breaks=member(USES_DB),
        says=NEEDLESS,
        near=member(USES_DB, "web/front -> web/app"),
    ),
    Row(
        rule="G07",
        why="the way out, by one network",
        breaks=member(USES_DB, "web/app -> patients"),
        says=NEEDLESS,
        near=member(USES_DB, "web/app -> patients", networks="front: {}, back: {internal: true}"),
    ),
    Row(
        rule="G07",
        why="an internal network is no way out",
        breaks=member(USES_DB, "web/app -> patients", networks="front: {internal: true}, back: {}"),
        says=NEEDLESS,
        near=member(USES_DB, "web/app -> patients", networks="front: {}, back: {internal: true}"),
    ),
    Row(
        rule="G07",
        why="a port needs a way in",
        breaks=member(USES_DB, networks="front: {}, back: {internal: true}"),
        says=NEEDLESS,
        near=member(
            USES_DB, lines="    ports: ['81:80']\n", networks="front: {}, back: {internal: true}"
        ),
    ),
    Row(
        rule="G07",
        why="a name needs a way out",
        breaks=member(USES_DB, networks="front: {}, back: {internal: true}"),
        says=NEEDLESS,
        near=member(
            USES_DB,
            "web/app -> web/front: {via: shop.example.com}",
            networks="front: {}, back: {internal: true}",
        ),
    ),
    Row(
        rule="G07",
        why="the ingress",
        breaks=member(USES_DB),
        says=NEEDLESS,
        near=member(USES_DB, route=True),
    ),
    Row(
        rule="G07",
        why="who waits for another calls it, and who watches it",
        breaks=member(USES_DB),
        says=NEEDLESS,
        near=member(USES_DB, lines="    depends_on: [front]\n"),
    ),
    Row(
        rule="G07",
        why="a monitor",
        breaks=member(USES_DB),
        says=NEEDLESS,
        near=member(USES_DB, more=MONITOR),
    ),
    Row(
        rule="G07",
        why="a network of another owner",
        breaks=member(USES_DB),
        says=NEEDLESS,
        near=member(USES_DB, networks="front: {external: true}, back: {}"),
    ),
    Row(
        rule="G07",
        why="a system that tells of no flows",
        breaks=member(USES_DB),
        says=NEEDLESS,
        near=member(),
    ),
    Row(
        rule="G07",
        why="a service has to be on one",
        breaks=member(USES_DB),
        says=NEEDLESS,
        near=member("web/front -> patients", on="back"),
    ),
    Row(
        rule="G14",
        why="a call that is no flow",
        breaks=tells("web/front -> web/db: asks"),
        says=(
            f"{FILE}:19: scenarios.call.steps[0]: nothing in the system says that web/front calls "
            "web/db ('asks'); declare the flow or the route, or correct the step\n"
        ),
        near=tells("web/front -> web/db: asks", TO_DB),
    ),
    Row(
        rule="G14",
        why="the other way round, unless it is an answer",
        breaks=tells("web/db -> web/front: asks", TO_DB),
        says=(
            f"{FILE}:19: scenarios.call.steps[0]: nothing in the system says that web/db calls "
            "web/front ('asks'); declare the flow or the route, or correct the step\n"
        ),
        near=tells("web/db --> web/front: rows", TO_DB),
    ),
    Row(
        rule="G14",
        why="one of several ways",
        breaks=tells("{either: {Hit: ['web/front -> web/db: asks']}}"),
        says=(
            f"{FILE}:19: scenarios.call.steps[0].either.Hit[0]: nothing in the system says that "
            "web/front calls web/db ('asks'); declare the flow or the route, or correct the step\n"
        ),
        near=tells("{either: {Hit: ['web/front -> web/db: asks']}}", TO_DB),
    ),
    Row(
        rule="G14",
        why="people do what they like",
        breaks=tells("anything -> web/front: asks"),
        says=(
            f"{FILE}:19: scenarios.call.steps[0]: nothing in the system says that anything calls "
            "web/front ('asks'); declare the flow or the route, or correct the step\n"
        ),
        near=tells("user -> web/front: asks"),
    ),
    Row(
        rule="G14",
        why="what the ingress leads to",
        breaks=tells("vps/ingress -> web/db: asks"),
        says=(
            f"{FILE}:19: scenarios.call.steps[0]: nothing in the system says that vps/ingress "
            "calls web/db ('asks'); declare the flow or the route, or correct the step\n"
        ),
        near=tells("vps/ingress -> web/front: asks"),
    ),
    Row(
        rule="G14",
        why="anyone may call the ingress, and everyone what it leads to",
        breaks=tells("internet -> web/db: asks"),
        says=(
            f"{FILE}:19: scenarios.call.steps[0]: nothing in the system says that internet calls "
            "web/db ('asks'); declare the flow or the route, or correct the step\n"
        ),
        near=tells(
            "{either: {a: ['web/db -> vps/ingress: asks'], b: ['internet -> web/front: asks']}}"
        ),
    ),
    Row(
        rule="G14",
        why="what it does by itself",
        breaks=tells("vps/ingress -> web/db: answers"),
        says=(
            f"{FILE}:19: scenarios.call.steps[0]: nothing in the system says that vps/ingress "
            "calls web/db ('answers'); declare the flow or the route, or correct the step\n"
        ),
        near=tells("vps/ingress -> vps/ingress: answers"),
    ),
    Row(
        rule="G14",
        why="what backups say",
        breaks=tells("vps -> web/front: dumps", more=BACKUP),
        says=(
            f"{FILE}:29: scenarios.call.steps[0]: nothing in the system says that vps calls "
            "web/front ('dumps'); declare the flow or the route, or correct the step\n"
        ),
        near=tells(
            "{either: {a: ['vps -> web/db: dumps', 'web/db -> off: copies'], "
            "b: ['vps -> anything: tells']}}",
            more=BACKUP,
        ),
    ),
    Row(
        rule="G14",
        why="what monitors say",
        breaks=tells("anything -> web/db: asks", more=WATCH),
        says=(
            f"{FILE}:21: scenarios.call.steps[0]: nothing in the system says that anything calls "
            "web/db ('asks'); declare the flow or the route, or correct the step\n"
        ),
        near=tells(
            "{either: {a: ['anything -> web/front: asks'], b: ['anything -> patients: tells']}}",
            more=WATCH,
        ),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
