"""Rules on ports of hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import CRM, FILE, SYSTEM, WEB, Row, service, two_apps


def access(key: str, allowed: str, image: str = "postgres:16.15") -> dict[str, str]:
    """Publish port 5432 of a service, with what the system says of it."""
    return {
        "system.yaml": f"{SYSTEM}ports: {{{key}: {{access: {allowed}, purpose: x}}}}\n",
        "web.compose.yaml": service(tail=f'  db: {{image: "{image}", ports: ["5432:5432"]}}\n'),
    }


def calls(flow: str, *lines: str, system: str = SYSTEM, **options: str) -> dict[str, str]:
    """Write a routed service and a flow from an external, or to it."""
    said = ", ".join(f"{key}: {value}" for key, value in options.items())
    outside = "externals: {phones: {purpose: Calls}}\n"
    return {
        "system.yaml": f"{system}{outside}flows:\n  - {flow}: {{{said}}}\n",
        "web.compose.yaml": service(*lines),
    }


RECORD = SYSTEM.replace(
    "{provider: external}",
    "{provider: external, records: {sip.example.com: {host: vps, purpose: SIP}}}",
)
MESH = "mesh: {kind: wireguard, cidr: 100.64.0.0/10, members: [vps, two]}\n"


def across(
    listens: str, *, protocol: str = "redis", mesh: str = "", allow: str = ""
) -> dict[str, str]:
    """Write two services on two hosts, the one calling the other."""
    files = two_apps(service(), service(f'ports: ["{listens}"]'), hosts="vps two")
    said = f"ports: {{crm/front:6379: {{access: {allow}, purpose: x}}}}\n" if allow else ""
    flow = f"flows:\n  - web/front -> crm/front: {{protocol: {protocol}}}\n"
    return {**files, "system.yaml": files["system.yaml"] + mesh + said + flow}


def app(port: str, *lines: str) -> str:
    """Write a routed service with the image of an app that speaks HTTP."""
    return service(f'ports: ["{port}"]', *lines).replace("image: a", 'image: "n8nio/n8n:2.38.5"')


def process(listens: str) -> dict[str, str]:
    """Write a program of the host that an external calls."""
    program = f"""\
processes:
  mailer:
    {{host: vps, manager: systemd, purpose: x, command: x, directory: /srv, user: x,
      listens: ["{listens}"]}}
"""
    return calls("phones -> mailer", system=SYSTEM + program, protocol="smtp")


ROWS = [
    Row(
        rule="G04",
        why="start-first with a port",
        breaks=service('ports: ["9000:80"]', "deploy: {update_config: {order: start-first}}"),
        says=f"{WEB}:2: services.front: front is to be replaced start-first but publishes "
        "9000:80/tcp, which two containers cannot do at once; set deploy.update_config.order to "
        "stop-first, or route to it by the ingress\n",
        near=service('ports: ["9000:80"]', "deploy: {update_config: {order: stop-first}}"),
    ),
    Row(
        rule="P01",
        why="two services",
        breaks=two_apps(service('ports: ["9000:80"]'), service('ports: ["9000:81"]')),
        says=f"{WEB}:5: services.front.ports[0]: port 9000/tcp of this machine is owned by "
        f"service:shop/crm/front ({CRM}:5) and by service:shop/web/front; publish one of them on "
        "another port or address\n",
        near=two_apps(service('ports: ["9000:80"]'), service('ports: ["9000:80/udp"]')),
    ),
    Row(
        rule="P01",
        why="ranges that share ports, on every address",
        breaks=two_apps(
            service('ports: ["9000-9010:9000-9010"]'),
            service('ports: ["127.0.0.1:9008-9020:9008-9020"]'),
        ),
        says=f"{CRM}:5: services.front.ports[0]: port 9008-9010/tcp of this machine is owned by "
        f"service:shop/web/front ({WEB}:5) and by service:shop/crm/front; publish one of them on "
        "another port or address\n",
        near=two_apps(
            service('ports: ["127.0.0.2:9000-9010:9000-9010"]'),
            service('ports: ["127.0.0.1:9008-9020:9008-9020"]'),
        ),
    ),
    Row(
        rule="P01",
        why="the port of the ingress, after dev moved it",
        breaks=service('ports: ["8443:443"]'),
        says=f"{WEB}:5: services.front.ports[0]: port 8443/tcp of this machine is owned by "
        "ingress:shop/vps (systems/shop/system.yaml:2) and by service:shop/web/front; publish one "
        "of them on another port or address\n",
        near=service('ports: ["8444:443"]'),
    ),
    Row(
        rule="P01",
        why="the port of the ingress on prod",
        breaks=service('ports: ["443:443/tcp"]'),
        says=f"{WEB}:5: services.front.ports[0]: port 443/tcp of shop/vps is owned by "
        "ingress:shop/vps (systems/shop/system.yaml:2) and by service:shop/web/front; publish one "
        "of them on another port or address\n",
        near=service('ports: ["443:443/udp", "8443:443"]'),
        stack="prod",
    ),
    Row(
        rule="P04",
        why="a database on every address",
        breaks=service(tail='  db: {image: "postgres:16.15", ports: ["5433:5432"]}\n'),
        says=f"{WEB}:5: services.db.ports[0]: db keeps data, and everyone reaches its port "
        "5432/tcp; publish no port, for services need none; or publish it on 127.0.0.1, or "
        "narrow its access under ports in system.yaml\n",
        near=service(tail='  db: {image: "postgres:16.15", ports: ["127.0.0.1:5433:5432"]}\n'),
    ),
    Row(
        rule="P04",
        why="on prod; an image that keeps no data",
        breaks=service(tail='  db: {image: "postgres:16.15", ports: ["5433:5432"]}\n'),
        says=f"{WEB}:5: services.db.ports[0]: db keeps data, and everyone reaches its port "
        "5432/tcp; publish no port, for services need none; or publish it on 127.0.0.1, or "
        "narrow its access under ports in system.yaml\n",
        near=service(tail='  db: {image: "nginx:1.29.3", ports: ["5433:5432"]}\n'),
        stack="prod",
    ),
    Row(
        rule="P04",
        why="whoever may: the mesh, but not everyone by its number",
        breaks=access('"web/db:5432"', "{allow: [0.0.0.0/0]}"),
        says=f"{WEB}:5: services.db.ports[0]: db keeps data, and everyone reaches its port "
        "5432/tcp; publish no port, for services need none; or publish it on 127.0.0.1, or "
        "narrow its access under ports in system.yaml\n",
        near=access('"web/db:5432"', "mesh"),
    ),
    Row(
        rule="P04",
        why="an address of the mesh",
        breaks={
            "system.yaml": SYSTEM + MESH.replace(", two", ""),
            "web.compose.yaml": service(
                tail='  db: {image: "redis:7.4.11", ports: ["192.0.2.5:6379:6379"]}\n'
            ),
        },
        says=f"{WEB}:5: services.db.ports[0]: db keeps data, and everyone reaches its port "
        "6379/tcp; publish no port, for services need none; or publish it on 127.0.0.1, or "
        "narrow its access under ports in system.yaml\n",
        near={
            "system.yaml": SYSTEM + MESH.replace(", two", ""),
            "web.compose.yaml": service(
                tail='  db: {image: "redis:7.4.11", ports: ["100.64.0.5:6379:6379"]}\n'
            ),
        },
    ),
    Row(
        rule="P05",
        why="called from outside by what no ingress passes on",
        breaks=calls("phones -> web/front", protocol="sip"),
        says=f"{FILE}:15: flows[0]: phones calls web/front by sip, which no ingress passes on, but "
        "front publishes no port; publish the port where front listens for it\n",
        near=calls("phones -> web/front", 'ports: ["5060:5060"]', protocol="sip"),
    ),
    Row(
        rule="P05",
        why="published for the host itself only; HTTP passes the ingress",
        breaks=calls("internet -> web/front", 'ports: ["127.0.0.1:9000:8080"]', protocol="webrtc"),
        says=f"{FILE}:15: flows[0]: internet calls web/front by webrtc, which no ingress passes on,"
        " but front publishes no port; publish the port where front listens for it\n",
        near=calls("internet -> web/front", 'ports: ["127.0.0.1:9000:8080"]', protocol="https"),
    ),
    Row(
        rule="P05",
        why="by the name of a record, not by that of a route",
        breaks=calls(
            "phones -> web/front", system=RECORD, protocol="sip/tls", via="sip.example.com"
        ),
        says=f"{FILE}:15: flows[0]: phones calls web/front by sip/tls, which no ingress passes on, "
        "but front publishes no port; publish the port where front listens for it\n",
        near=calls(
            "phones -> web/front", system=RECORD, protocol="sip/tls", via="shop.example.com"
        ),
    ),
    Row(
        rule="P14",
        why="a plaintext call from outside to an open port",
        breaks=calls("phones -> web/front", 'ports: ["9000:8080"]', protocol="soap"),
        says=f"{WEB}:5: services.front.ports[0]: everyone reaches port 8080/tcp of web/front, which"
        " phones calls by soap: plaintext; route it by the ingress, or narrow its access "
        "under ports in system.yaml\n",
        near=calls("phones -> web/front", 'ports: ["9000:8080"]', protocol="sip"),
    ),
    Row(
        rule="P14",
        why="an app that speaks HTTP, published beside the ingress",
        breaks=app("9000:8080"),
        says=f"{WEB}:5: services.front.ports[0]: everyone reaches port 8080/tcp of web/front, where"
        " it speaks plain HTTP; route it by the ingress, or narrow its access under ports in "
        "system.yaml\n",
        near=app("9000:8443"),
    ),
    Row(
        rule="P14",
        why="the port of an app that its health check asks",
        breaks=app("9000:9001", 'healthcheck: {test: "wget -q http://127.0.0.1:9001/"}'),
        says=f"{WEB}:5: services.front.ports[0]: everyone reaches port 9001/tcp of web/front, where"
        " it speaks plain HTTP; route it by the ingress, or narrow its access under ports in "
        "system.yaml\n",
        near=app("9000:9002", 'healthcheck: {test: "wget -q http://127.0.0.1:9001/"}'),
    ),
    Row(
        rule="P14",
        why="by the name of a route it is encrypted",
        breaks=calls("phones -> web/front", 'ports: ["9000:8080"]', protocol="http"),
        says=f"{WEB}:5: services.front.ports[0]: everyone reaches port 8080/tcp of web/front, which"
        " phones calls by http: plaintext; route it by the ingress, or narrow its access "
        "under ports in system.yaml\n",
        near=calls(
            "phones -> web/front", 'ports: ["9000:8080"]', protocol="http", via="shop.example.com"
        ),
    ),
    Row(
        rule="P14",
        why="between hosts, to a port that is open to some",
        breaks=across("6379:6379", allow="{allow: [192.0.2.9/32]}"),
        says=f"{FILE}:17: flows[0]: web/front calls crm/front by redis, which is plaintext, and not"
        " over the mesh; let it call by an encrypted protocol, by the ingress or over the "
        "mesh\n",
        near=across("6379:6379", allow="{allow: [192.0.2.9/32]}", protocol="rediss"),
    ),
    Row(
        rule="P14",
        why="between hosts that are in the mesh, past it and over it",
        breaks=across("6379:6379", allow="{allow: [192.0.2.9/32]}", mesh=MESH),
        says=f"{FILE}:18: flows[0]: web/front calls crm/front by redis, which is plaintext, and not"
        " over the mesh; let it call by an encrypted protocol, by the ingress or over the "
        "mesh\n",
        near=across("6379:6379", allow="mesh", mesh=MESH),
    ),
    Row(
        rule="P14",
        why="between hosts on an address of the mesh, of which both are members",
        breaks=across("100.64.0.5:6379:6379", mesh=MESH.replace("vps, ", "")),
        says=f"{FILE}:17: flows[0]: web/front calls crm/front by redis, which is plaintext, and not"
        " over the mesh; let it call by an encrypted protocol, by the ingress or over the "
        "mesh\n",
        near=across("100.64.0.5:6379:6379", mesh=MESH),
    ),
    Row(
        rule="P14",
        why="to others; whether a database of others is asked by TLS is not known",
        breaks=calls("web/front -> phones", protocol="http"),
        says=f"{FILE}:15: flows[0]: web/front calls phones by http, which is plaintext, and not "
        "over the mesh; let it call by an encrypted protocol, by the ingress or over the mesh\n",
        near=calls("web/front -> phones", protocol="postgres"),
    ),
    Row(
        rule="P14",
        why="to others, whose TLS is told",
        breaks=calls("web/front -> phones", protocol="soap"),
        says=f"{FILE}:15: flows[0]: web/front calls phones by soap, which is plaintext, and not "
        "over the mesh; let it call by an encrypted protocol, by the ingress or over the mesh\n",
        near={
            **calls("web/front -> phones", protocol="soap"),
            "system.yaml": calls("web/front -> phones", protocol="soap")["system.yaml"].replace(
                "{purpose: Calls}", "{purpose: Calls, tls: {issuer: x, ends_at: edge}}"
            ),
        },
    ),
    Row(
        rule="P14",
        why="a program of the host itself",
        breaks=process("0.0.0.0:8025"),
        says=f"{FILE}:16: processes.mailer.listens[0]: everyone reaches port 8025/tcp of mailer, "
        "which phones calls by smtp: plaintext; route it by the ingress, or narrow its access\n",
        near=process("127.0.0.1:8025"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
