"""What a host's firewall lets in, made from reach."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.cloudflare import CLOUDFLARE_NETWORKS
from graph.firewall import Opening, lies_in, meshes_of, openings
from graph.model import StackGraph
from tests.graph.estate import HOST, estate
from tests.graph.test_systems import prod

MESH = "mesh: {kind: tailscale, cidr: 100.64.0.0/10, members: [vps]}\n"
ANYWHERE, CLOUDFLARE, IN_MESH = "anywhere", "Cloudflare", "100.64.0.0/10"


def spoken(opening: Opening) -> tuple[str, str, bool]:
    """Give an opening as a line of a table: what, from where, whether to a container."""
    if opening.sources is None:
        return opening.what, ANYWHERE, opening.container
    if set(opening.sources) == CLOUDFLARE_NETWORKS:
        return opening.what, CLOUDFLARE, opening.container
    return opening.what, ", ".join(opening.sources), opening.container


def table(graph: StackGraph, host: str) -> list[tuple[str, str, bool]]:
    return [spoken(opening) for opening in openings(graph, graph.hosts[host])]


# --- the real systems


@pytest.mark.parametrize(
    ("system", "host", "expected"),
    [
        (
            "dyniq",
            "contabo",
            [
                ("22/tcp", ANYWHERE, False),
                ("80/tcp", CLOUDFLARE, True),
                ("443/tcp", CLOUDFLARE, True),
                ("5060/tcp", ANYWHERE, True),
                ("5060/udp", ANYWHERE, True),
                ("7881/tcp", ANYWHERE, True),
                ("7882/udp", ANYWHERE, True),
                ("10000-10100/udp", ANYWHERE, True),
                ("50000-50100/udp", ANYWHERE, True),
            ],
        ),
        (
            "vpai",
            "prod",
            [
                ("22/tcp", IN_MESH, False),
                ("80/tcp", ANYWHERE, True),
                ("443/tcp", ANYWHERE, True),
                ("41641/udp", ANYWHERE, False),
            ],
        ),
        (
            "vpai",
            "vpn",
            [
                ("22/tcp", ANYWHERE, False),
                ("80/tcp", ANYWHERE, True),
                ("443/tcp", ANYWHERE, True),
                ("41641/udp", ANYWHERE, False),
            ],
        ),
        (
            # The databases and the tools behind nginx listen on loopback: no port of theirs.
            "vitaravox",
            "oci",
            [
                ("22/tcp", ANYWHERE, False),
                ("80/tcp", ANYWHERE, False),
                ("443/tcp", ANYWHERE, False),
            ],
        ),
        # Terraform's: what is known of it, SSH not.
        ("vitaravox", "ec2", [("8080/tcp", ANYWHERE, True)]),
    ],
)
def test_the_real_systems(
    system: str, host: str, expected: list[tuple[str, str, bool]], project: Path
) -> None:
    assert table(prod(project, system), f"host:{system}/{host}") == expected


# --- small systems


def shop(
    root: Path,
    *ports: str,
    ssh: str = "public",
    access: str = "public",
    more: str = "",
    stack: str = "prod",
    **settings: Any,
) -> StackGraph:
    """Build a host with SSH and a service with published ports, the first with an access."""
    said = f"ports: {{web/front:9000: {{access: {access}}}}}\n" if access != "public" else ""
    system = (
        f"hosts: {{vps: {{kind: vps, {HOST}, ssh: {{access: {ssh}}}}}}}\n"
        f"apps: {{web: {{host: vps, compose: web.compose.yaml}}}}\n{said}{more}"
    )
    compose = f"services: {{front: {{image: a, ports: [{', '.join(map(repr, ports))}]}}}}\n"
    return estate(root, system, compose, stack=stack, vps=settings)


SSH = ("22/tcp", ANYWHERE, False)


@pytest.mark.parametrize(
    ("ports", "said", "expected"),
    [
        ((), {}, [SSH]),
        (("9000:80",), {}, [SSH, ("9000/tcp", ANYWHERE, True)]),
        (("9000-9004:80-84/udp",), {}, [SSH, ("9000-9004/udp", ANYWHERE, True)]),
        (("127.0.0.1:9000:80",), {}, [SSH]),
        (("[::1]:9000:80",), {"access": "public"}, [SSH]),
        (("192.0.2.10:9000:80",), {}, [SSH, ("9000/tcp", ANYWHERE, True)]),
        # One that only this machine may use beside one for all of the same number.
        (
            ("127.0.0.1:9000:80", "192.0.2.10:9000:80"),
            {},
            [SSH, ("9000/tcp", ANYWHERE, True)],
        ),
        (
            ("9000:80",),
            {"access": "{allow: [192.0.2.0/25, 192.0.2.128/25, '2001:db8::/32']}"},
            [SSH, ("9000/tcp", "192.0.2.0/24, 2001:db8::/32", True)],
        ),
        (
            ("9000:80",),
            {"access": "{mesh: true, allow: [192.0.2.0/24]}", "more": MESH},
            [
                SSH,
                ("9000/tcp", "100.64.0.0/10, 192.0.2.0/24", True),
                ("41641/udp", ANYWHERE, False),
            ],
        ),
        # A mesh that the host is no member of: nobody comes that way, so nothing is open.
        (("9000:80",), {"access": "mesh", "more": MESH.replace("[vps]", "[]")}, [SSH]),
        (
            (),
            {"ssh": "mesh", "more": MESH.replace("tailscale", "wireguard")},
            [("22/tcp", IN_MESH, False), ("51820/udp", ANYWHERE, False)],
        ),
        ((), {"port": 804}, [("804/tcp", ANYWHERE, False)]),
        (
            (),
            {"port": 804, "first": {"port": 22}},
            [("22/tcp", ANYWHERE, False), ("804/tcp", ANYWHERE, False)],
        ),
        # Where SSH is for the mesh, so is the port that it moves away from.
        (
            (),
            {"port": 804, "first": {"port": 22}, "ssh": "mesh", "more": MESH},
            [
                ("22/tcp", IN_MESH, False),
                ("804/tcp", IN_MESH, False),
                ("41641/udp", ANYWHERE, False),
            ],
        ),
        ((), {"first": {"user": "ubuntu"}}, [SSH]),
    ],
)
def test_small_systems(
    ports: tuple[str, ...],
    said: dict[str, Any],
    expected: list[tuple[str, str, bool]],
    tmp_path: Path,
) -> None:
    assert table(shop(tmp_path, *ports, **said), "host:shop/vps") == expected


def test_a_service_on_the_hosts_network_and_a_process_are_not_forwarded_to(tmp_path: Path) -> None:
    system = f"""\
hosts: {{vps: {{kind: vps, {HOST}, ingress: {{kind: nginx}}}}}}
apps: {{web: {{host: vps, compose: web.compose.yaml}}}}
processes:
  api:
    {{host: vps, manager: systemd, purpose: A, command: a, directory: /srv, user: a,
      listens: ["0.0.0.0:3000", 3001]}}
"""
    compose = 'services: {front: {image: a, network_mode: host, expose: ["9000"]}}\n'
    graph = estate(tmp_path, system, compose, stack="prod")
    assert table(graph, "host:shop/vps") == [
        SSH,
        ("3000/tcp", ANYWHERE, False),
        ("9000/tcp", ANYWHERE, False),
    ]


ROUTED = f"""\
hosts: {{vps: {{kind: vps, {HOST}, ingress: {{kind: caddy}}}}}}
apps: {{web: {{host: vps, compose: web.compose.yaml}}}}
zones:
  example.com: {{provider: external}}
  example.org: {{provider: cloudflare, proxied: true}}
routes:
  one.example.org: {{to: web/front:8080}}
"""


def test_one_name_past_cloudflare_opens_the_address_to_all(tmp_path: Path) -> None:
    graph = estate(tmp_path / "one", ROUTED, stack="prod")
    assert table(graph, "host:shop/vps") == [
        SSH,
        ("80/tcp", CLOUDFLARE, True),
        ("443/tcp", CLOUDFLARE, True),
    ]
    more = ROUTED + "  two.example.com: {to: web/front:8080}\n"
    graph = estate(tmp_path / "two", more, stack="prod")
    assert table(graph, "host:shop/vps") == [
        SSH,
        ("80/tcp", ANYWHERE, True),
        ("443/tcp", ANYWHERE, True),
    ]


def test_why_names_who_is_reached_and_how(tmp_path: Path) -> None:
    graph = shop(tmp_path, "9000:80", port=804, first={"port": 22}, more=MESH)
    assert [opening.why for opening in openings(graph, graph.hosts["host:shop/vps"])] == [
        "SSH: it is published on every address, until SSH has moved from here",
        "SSH: it is published on every address",
        "web/front: it is published on every address",
        "members of the mesh find each other directly (tailscale)",
    ]


def test_on_the_dev_stack_the_host_is_this_machine(tmp_path: Path) -> None:
    graph = shop(tmp_path, "9000:80", access="mesh", more=MESH, stack="dev")
    assert table(graph, "host:shop/vps") == [("41641/udp", ANYWHERE, False)]
    graph = shop(tmp_path / "public", "9000:80", stack="dev")
    assert table(graph, "host:shop/vps") == [("9000/tcp", ANYWHERE, True)]


def test_a_host_is_in_the_meshes_that_name_it(tmp_path: Path) -> None:
    graph = shop(tmp_path, more=MESH)
    assert [mesh.id for mesh in meshes_of(graph, graph.hosts["host:shop/vps"])] == ["mesh:shop"]


NETWORKS = st.one_of(
    st.builds(
        lambda address, size: str(ipaddress.ip_network((address, size), strict=False)),
        st.ip_addresses(v=4).map(str),
        st.integers(0, 32),
    ),
    st.builds(
        lambda address, size: str(ipaddress.ip_network((address, size), strict=False)),
        st.ip_addresses(v=6).map(str),
        st.integers(0, 128),
    ),
)


@given(NETWORKS, NETWORKS)
def test_lies_in_is_what_ipaddress_says_within_a_family(one: str, other: str) -> None:
    first, second = ipaddress.ip_network(one), ipaddress.ip_network(other)
    same = first.version == second.version
    assert lies_in(one, other) == (same and first.subnet_of(second))  # type: ignore[arg-type]
    assert lies_in(one, one)
