"""Rules on networks and names on a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import CRM, WEB, Row, service, two_apps

BACK = "  back: {image: a}\n"
INTERNAL = service("networks: [a]", tail=f"{BACK}networks: {{a: {{internal: true}}}}\n")
OPEN = service("networks: [a]", tail=f"{BACK}networks: {{a: {{}}}}\n")


def of_others(files: dict[str, str]) -> dict[str, str]:
    """Give the second host to others."""
    system = files["system.yaml"].replace("  two: {", "  two: {managed_by: Terraform, ")
    return {**files, "system.yaml": system}


def calling(flow: str, compose: str, crm: str = "", *, hosts: str = "vps") -> dict[str, str]:
    """Write two apps with a flow."""
    files = two_apps(compose, crm or service(), hosts=hosts)
    outside = "buckets: {copies: {provider: aws, region: a, purpose: Copies}}\n"
    outside += "externals: {mail: {purpose: Mail}}\n"
    return {**files, "system.yaml": f"{files['system.yaml']}{outside}flows:\n  - {flow}\n"}


ROWS = [
    Row(
        rule="N02",
        why="no network, where the app has some",
        breaks=service("networks: [a]", tail="  back: {image: a}\nnetworks: {a: {}}\n"),
        says=f"{WEB}:6: services.back: back names no network, so it lands on the default one, apart"
        " from what is on a; name its networks; networks: [default] if it is meant to be "
        "apart\n",
        near=service(
            "networks: [a]", tail="  back: {image: a, networks: [a]}\nnetworks: {a: {}}\n"
        ),
    ),
    Row(
        rule="N02",
        why="no network, where the app names only the default one",
        breaks=service(tail="networks: {a: {}}\n"),
        says=f"{WEB}:2: services.front: front names no network, so it lands on the default one, "
        "apart from what is on a; name its networks; networks: [default] if it is meant to be"
        " apart\n",
        near=service(tail="networks: {default: {}}\n"),
    ),
    Row(
        rule="N02",
        why="the default one is meant where another names it",
        breaks=service("networks: [a]", tail="  back: {image: a}\nnetworks: {a: {}}\n"),
        says=f"{WEB}:6: services.back: back names no network, so it lands on the default one, apart"
        " from what is on a; name its networks; networks: [default] if it is meant to be "
        "apart\n",
        near=service("networks: [a, default]", tail="  back: {image: a}\nnetworks: {a: {}}\n"),
    ),
    Row(
        rule="N02",
        why="the default one is meant where the app describes it",
        breaks=service("networks: [a]", tail="  back: {image: a}\nnetworks: {a: {}}\n"),
        says=f"{WEB}:6: services.back: back names no network, so it lands on the default one, apart"
        " from what is on a; name its networks; networks: [default] if it is meant to be "
        "apart\n",
        near=service(
            "networks: [a]",
            tail="  back: {image: a}\nnetworks: {a: {}, default: {internal: true}}\n",
        ),
    ),
    Row(
        rule="N02",
        why="a container apart from all networks",
        breaks=service("networks: [a]", tail="  back: {image: a}\nnetworks: {a: {}}\n"),
        says=f"{WEB}:6: services.back: back names no network, so it lands on the default one, apart"
        " from what is on a; name its networks; networks: [default] if it is meant to be "
        "apart\n",
        near=service(
            "networks: [a]", tail="  back: {image: a, network_mode: none}\nnetworks: {a: {}}\n"
        ),
    ),
    Row(
        rule="N02",
        why="what others run is not ours to move",
        breaks=two_apps(service(), service(tail="networks: {a: {}}\n"), hosts="vps two"),
        says=f"{CRM}:2: services.front: front names no network, so it lands on the default one, "
        "apart from what is on a; name its networks; networks: [default] if it is meant to be"
        " apart\n",
        near=of_others(two_apps(service(), service(tail="networks: {a: {}}\n"), hosts="vps two")),
    ),
    Row(
        rule="N03",
        why="calls an external from an internal network",
        breaks=calling("web/front -> mail", INTERNAL),
        says=f"{WEB}:2: services.front: front calls mail but is only on internal networks (a), from"
        " where nothing leaves the host; put it on a network that is not internal\n",
        near=calling("web/front -> mail", OPEN),
    ),
    Row(
        rule="N03",
        why="what others run is not ours to move",
        breaks=calling("crm/front -> mail", service(), INTERNAL, hosts="vps two"),
        says=f"{CRM}:2: services.front: front calls mail but is only on internal networks (a), from"
        " where nothing leaves the host; put it on a network that is not internal\n",
        near=of_others(calling("crm/front -> mail", service(), INTERNAL, hosts="vps two")),
    ),
    Row(
        rule="N03",
        why="calls the internet, but is not called from there",
        breaks=calling("web/front -> internet", INTERNAL),
        says=f"{WEB}:2: services.front: front calls internet but is only on internal networks (a), "
        "from where nothing leaves the host; put it on a network that is not internal\n",
        near=calling("internet -> web/front", INTERNAL),
    ),
    Row(
        rule="N03",
        why="calls a bucket; the next container is nearby",
        breaks=calling("web/front -> copies", INTERNAL),
        says=f"{WEB}:2: services.front: front calls copies but is only on internal networks (a), "
        "from where nothing leaves the host; put it on a network that is not internal\n",
        near=calling("web/front -> web/back", INTERNAL),
    ),
    Row(
        rule="N03",
        why="calls the next container by a public name",
        breaks=calling('{"web/front -> web/back": {via: shop.example.com}}', INTERNAL),
        says=f"{WEB}:2: services.front: front calls shop.example.com but is only on internal "
        "networks (a), from where nothing leaves the host; put it on a network that is not "
        "internal\n",
        near=calling('{"web/front -> web/back": {purpose: orders}}', INTERNAL),
    ),
    Row(
        rule="N03",
        why="calls a service of another host",
        breaks=calling("web/front -> crm/front", INTERNAL, hosts="vps two"),
        says=f"{WEB}:2: services.front: front calls crm/front but is only on internal networks (a),"
        " from where nothing leaves the host; put it on a network that is not internal\n",
        near=calling("web/front -> crm/front", INTERNAL, hosts="vps"),
    ),
    Row(
        rule="N03",
        why="on no network at all",
        breaks=calling("web/front -> mail", service("network_mode: none", tail=BACK)),
        says=f"{WEB}:2: services.front: front calls mail but is on no network, from where nothing "
        "leaves the host; put it on a network that is not internal\n",
        near=calling("web/front -> mail", service("network_mode: host", tail=BACK)),
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
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
