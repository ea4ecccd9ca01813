"""Each rule: a system that breaks it, what is said of it, and the nearest one that does not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from graph.rules import RULES, check
from tests.workspace import SHOP, graph_of, shop

SYSTEM = SHOP["systems/shop/system.yaml"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule, files that break it with what is said, and files that nearly do.

    A text stands for ``web.compose.yaml``.
    """

    rule: str
    why: str
    breaks: str | dict[str, str]
    says: str
    near: str | dict[str, str]
    stack: str = "dev"

    def __str__(self) -> str:
        return f"{self.rule} {self.why}"


def service(*lines: str, name: str = "front", tail: str = "") -> str:
    """Write a compose file with one routed service and more behind it."""
    body = "".join(f"    {line}\n" for line in lines)
    return f'services:\n  {name}:\n    image: a\n    expose: ["8080"]\n{body}{tail}'


def two_apps(one: str, other: str, *, hosts: str = "vps") -> dict[str, str]:
    """Write a system with two apps, the second on the last of the hosts."""
    host, _, second = hosts.partition(" ")
    text = SYSTEM.replace(
        "apps:\n", f"apps:\n  crm: {{host: {second or host}, compose: crm.compose.yaml}}\n"
    )
    if second:
        declared = f"  {second}: {{kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB}}\n"
        text = text.replace("hosts:\n", f"hosts:\n{declared}")
    access = "{address: 192.0.2.10, host_key: ssh-ed25519 AAAA}"
    hosts_of_stack = "".join(f"\n      {name}: {access}" for name in hosts.split())
    prod = SHOP["Pulumi.prod.yaml"].replace(
        '\n      vps: {address: 192.0.2.10, host_key: "ssh-ed25519 AAAA"}', hosts_of_stack
    )
    return {
        "system.yaml": text,
        "web.compose.yaml": one,
        "crm.compose.yaml": other,
        "Pulumi.prod.yaml": prod,
    }


def subnet(cidr: str) -> str:
    return service(
        "networks: [a]", tail=f'networks: {{a: {{ipam: {{config: [{{subnet: "{cidr}"}}]}}}}}}\n'
    )


WAITS = "depends_on: {db: {condition: service_healthy}}"
UNNAMED = "routes:\n  www.example.com: {redirect: https://shop.example.com}\n"
WEB, CRM = "systems/shop/web.compose.yaml", "systems/shop/crm.compose.yaml"

ROWS = [
    Row(
        rule="G01",
        why="a ring of two, and another",
        breaks=service(
            "depends_on: [db]",
            tail="""\
  db: {image: a, depends_on: [front]}
  one: {image: a, depends_on: [two]}
  two: {image: a, depends_on: [three]}
  three: {image: a, depends_on: [one, db]}
""",
        ),
        says=f"""\
{WEB}:6: services.db: dependency cycle: db -> front -> db; remove one of these depends_on entries
{WEB}:7: services.one: dependency cycle: one -> two -> three -> one; remove one of these \
depends_on entries
""",
        near=service(
            "depends_on: [db, cache]",
            tail="  db: {image: a, depends_on: [cache]}\n  cache: {image: a}\n",
        ),
    ),
    Row(
        rule="G01",
        why="a ring through a service that need not be there",
        breaks=service(
            "depends_on: {db: {condition: service_started, required: false}}",
            tail="  db: {image: a, depends_on: [front]}\n",
        ),
        says=f"{WEB}:6: services.db: dependency cycle: db -> front -> db; "
        "remove one of these depends_on entries\n",
        near=service(
            "depends_on: {db: {condition: service_started, required: false}}",
            tail="  db: {image: a, depends_on: [front], profiles: [debug]}\n",
        ),
    ),
    Row(
        rule="G02",
        why="no health check",
        breaks=service(WAITS, tail="  db: {image: a}\n"),
        says=f"{WEB}:2: services.front: front waits for db to be healthy, which has no "
        "health check and would never be; give db a healthcheck, or wait for service_started\n",
        near=service(WAITS, tail='  db: {image: a, healthcheck: {test: "true"}}\n'),
    ),
    Row(
        rule="G02",
        why="a health check that is off",
        breaks=service(WAITS, tail="  db: {image: a, healthcheck: {test: [NONE]}}\n"),
        says=f"{WEB}:2: services.front: front waits for db to be healthy, which has no "
        "health check and would never be; give db a healthcheck, or wait for service_started\n",
        near=service("depends_on: [db]", tail="  db: {image: a, healthcheck: {test: [NONE]}}\n"),
    ),
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
        rule="N04",
        why="only internal networks",
        breaks=service(
            'ports: ["9000:80"]', "networks: [a]", tail="networks: {a: {internal: true}}\n"
        ),
        says=f"{WEB}:2: services.front: front publishes 9000:80/tcp but is only on internal "
        "networks (a), where Docker publishes nothing; put it on a network that is not internal, "
        "or publish no port\n",
        near=service(
            'ports: ["9000:80"]',
            "networks: [a, b]",
            tail="networks: {a: {internal: true}, b: {}}\n",
        ),
    ),
    Row(
        rule="N04",
        why="the default network is internal",
        breaks=service('ports: ["9000:80"]', tail="networks: {default: {internal: true}}\n"),
        says=f"{WEB}:2: services.front: front publishes 9000:80/tcp but is only on internal "
        "networks (default), where Docker publishes nothing; put it on a network that is not "
        "internal, or publish no port\n",
        near=service(tail="networks: {default: {internal: true}}\n"),
    ),
    Row(
        rule="N07",
        why="one within the other",
        breaks=two_apps(subnet("10.1.0.0/16"), subnet("10.1.2.0/24")),
        says=f"{WEB}:6: networks.a: subnet 10.1.0.0/16 overlaps 10.1.2.0/24 of network shop-crm_a "
        f"({CRM}:6); choose a subnet that no other network of the host uses\n",
        near=two_apps(subnet("10.1.0.0/16"), subnet("10.2.0.0/24")),
    ),
    Row(
        rule="N07",
        why="the same, of IPv6",
        breaks=two_apps(subnet("2001:db8::/64"), subnet("2001:db8::/64")),
        says=f"{WEB}:6: networks.a: subnet 2001:db8::/64 overlaps 2001:db8::/64 of network "
        f"shop-crm_a ({CRM}:6); choose a subnet that no other network of the host uses\n",
        near=two_apps(subnet("2001:db8::/64"), subnet("10.1.2.0/24")),
    ),
    Row(
        rule="N07",
        why="two hosts are one machine on dev only",
        breaks=two_apps(subnet("10.1.0.0/16"), subnet("10.1.0.0/16"), hosts="vps two"),
        says=f"{WEB}:6: networks.a: subnet 10.1.0.0/16 overlaps 10.1.0.0/16 of network shop-crm_a "
        f"({CRM}:6); choose a subnet that no other network of the host uses\n",
        near={
            **two_apps(subnet("10.1.0.0/16"), subnet("10.1.0.0/16"), hosts="vps two"),
            "stack": "prod",
        },
    ),
    Row(
        rule="N10",
        why="two containers",
        breaks=two_apps(service("container_name: main"), service("container_name: main")),
        says=f"{WEB}:2: services.front: container name 'main' of service:shop/web/front is taken "
        f"by service:shop/crm/front ({CRM}:2); give one of the two containers another name\n",
        near=two_apps(service("container_name: main"), service("container_name: main2")),
    ),
    Row(
        rule="N10",
        why="two volumes",
        breaks=two_apps(
            service(tail="volumes: {a: {name: data}}\n"),
            service(tail="volumes: {b: {name: data}}\n"),
        ),
        says=f"{WEB}:5: volumes.a: volume name 'data' of volume:shop/web/a is taken by "
        f"volume:shop/crm/b ({CRM}:5); give one of the two volumes another name\n",
        near=two_apps(
            service(tail="volumes: {a: {name: data}}\n"),
            service(tail="volumes: {b: {name: data, external: true}}\n"),
        ),
    ),
    Row(
        rule="N10",
        why="two networks",
        breaks=two_apps(
            service(tail="networks: {default: {name: net}}\n"),
            service(tail="networks: {default: {name: net}}\n"),
        ),
        says=f"{WEB}:5: networks.default: network name 'net' of network:shop/web/default is taken "
        f"by network:shop/crm/default ({CRM}:5); give one of the two networks another name\n",
        near=two_apps(
            service(tail="networks: {default: {name: net}}\n"),
            service(tail="networks: {default: {name: net, external: true}}\n"),
        ),
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
        rule="R01",
        why="on no network",
        breaks=service("network_mode: none"),
        says="systems/shop/system.yaml:12: routes.shop.example.com: shop.example.com leads to "
        "front, which is on no network that the ingress can join (network_mode: none); put the "
        "service on a network of its app\n",
        near=service("networks: [a]", tail="networks: {a: {internal: true}}\n"),
    ),
    Row(
        rule="R02",
        why="a name that ends like the zone",
        breaks={"system.yaml": SYSTEM.replace("  shop.example.com:", "  shopexample.com:")},
        says="systems/shop/system.yaml:12: routes.shopexample.com: shopexample.com lies in no "
        "declared zone; declare its zone under zones; declared: example.com\n",
        near={"system.yaml": SYSTEM.replace("  shop.example.com:", "  example.com:")},
    ),
    Row(
        rule="R02",
        why="a record of another zone",
        breaks={
            "system.yaml": SYSTEM.replace(
                "{provider: external}",
                "{provider: external, records: {sip.example.org: {host: vps, purpose: SIP}}}",
            )
        },
        says="systems/shop/system.yaml:10: zones.example.com.records.sip.example.org: the record "
        "lies outside of its zone example.com; move it under its own zone, or correct its name\n",
        near={
            "system.yaml": SYSTEM.replace(
                "{provider: external}",
                "{provider: external, records: {sip.example.com: {host: vps, purpose: SIP}}}",
            )
        },
    ),
    Row(
        rule="R09",
        why="a name of nothing",
        breaks=service("networks: [pubic]", tail="networks: {public: {}}\n"),
        says=f"{WEB}:5: services.front.networks.pubic: unknown network 'pubic'; did you mean "
        "'public'? valid: public\n",
        near=service("networks: [public]", tail="networks: {public: {}}\n"),
    ),
    Row(
        rule="R09",
        why="no name where one is needed",
        breaks={
            **two_apps(service(), service(), hosts="vps two"),
            "system.yaml": """\
hosts:
  one: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB}
  two: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB}
zones: {example.com: {provider: external}}
secrets: {DB_PASSWORD: {purpose: Database, dev: dev-only}}
"""
            + UNNAMED,
        },
        says="systems/shop/system.yaml:7: routes.www.example.com: the host that serves the "
        "redirect is not named; none is declared\n",
        near={"system.yaml": SYSTEM + UNNAMED.removeprefix("routes:\n")},
    ),
    Row(
        rule="R14",
        why="the host's port",
        breaks=service('ports: ["8090:8081"]').replace('"8080"', '"8081"'),
        says="systems/shop/system.yaml:12: routes.shop.example.com: shop.example.com leads to port "
        "8080 of front, which listens on 8081; name the container's port, not the host's; or add "
        "it to expose\n",
        near=service('ports: ["8090-8091:8080-8081"]').replace('"8080"', '"80"'),
    ),
    Row(
        rule="R14",
        why="the right port of UDP; no port is known of a service that tells none",
        breaks=service().replace('"8080"', '"8000-8079", "8080/udp"'),
        says="systems/shop/system.yaml:12: routes.shop.example.com: shop.example.com leads to port "
        "8080 of front, which listens on 8000-8079; name the container's port, not the "
        "host's; or add it to expose\n",
        near="services: {front: {image: a}}\n",
    ),
]


def said(root: Path, given: str | dict[str, str], rule: str, stack: str) -> str:
    files = {"web.compose.yaml": given} if isinstance(given, str) else dict(given)
    stack = files.pop("stack", stack)
    findings = check(graph_of(shop(root, files), stack))
    assert {finding.rule for finding in findings} <= {rule}
    return "".join(f"{finding}\n" for finding in findings)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_breaking_it_is_said(row: Row, tmp_path: Path) -> None:
    assert said(tmp_path, row.breaks, row.rule, row.stack) == row.says


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_nearly_breaking_it_is_not(row: Row, tmp_path: Path) -> None:
    assert said(tmp_path, row.near, row.rule, row.stack) == ""


def test_every_rule_has_a_row() -> None:
    assert {row.rule for row in ROWS} == {rule.id for rule in RULES}


def test_rules_are_described() -> None:
    ids = [id_ for rule in RULES for id_ in (rule.id, *rule.also)]
    assert len(set(ids)) == len(ids)
    for rule in RULES:
        assert rule.title
        assert not rule.title.endswith(".")
