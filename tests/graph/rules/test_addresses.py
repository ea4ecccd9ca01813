"""Rules on subnets and IP addresses of Docker networks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import CRM, FILE, SYSTEM, WEB, Row, service, subnet, two_apps

MESH = "mesh: {kind: wireguard, cidr: 10.9.0.0/16, members: [vps]}\n"


def pooled(base: str, *, mesh: str = "") -> str:
    """Write the system with an address pool of its host."""
    pool = f"docker: {{address_pools: [{{base: {base}, size: 24}}]}}"
    return SYSTEM.replace("docker: {logs: {max_size: 10m}}", pool) + mesh


def within(cidr: str, *lines: str, ipam: str = "", tail: str = "") -> str:
    """Write a service on a network with a subnet."""
    network = f'networks: {{a: {{ipam: {{config: [{{subnet: "{cidr}"{ipam}}}]}}}}}}\n'
    return service(*lines, tail=tail + network)


def fixed(address: str, *, ipam: str = "", tail: str = "") -> str:
    """Write a service with a fixed address in 10.1.0.0/24."""
    joined = f'networks: {{a: {{ipv4_address: "{address}"}}}}'
    return within("10.1.0.0/24", joined, ipam=ipam, tail=tail)


def other(address: str) -> str:
    return f'  back: {{image: a, networks: {{a: {{ipv4_address: "{address}"}}}}}}\n'


def called(text: str) -> str:
    """Write a service whose environment holds a text, beside one with a fixed address."""
    return within(
        "10.1.0.0/24", f'environment: {{URL: "{text}"}}', "networks: [a]", tail=other("10.1.0.250")
    )


ROWS = [
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
        rule="N07",
        why="two in one, which are apart from each other",
        breaks=service(
            "networks: [a]",
            tail="""\
networks:
  a: {ipam: {config: [{subnet: 10.1.0.0/16}]}}
  b: {ipam: {config: [{subnet: 10.1.1.0/24}]}}
  c: {ipam: {config: [{subnet: 10.1.2.0/24}]}}
""",
        ),
        says=f"{WEB}:8: networks.b: subnet 10.1.1.0/24 overlaps 10.1.0.0/16 of network shop-web_a "
        f"({WEB}:7); choose a subnet that no other network of the host uses\n"
        f"{WEB}:9: networks.c: subnet 10.1.2.0/24 overlaps 10.1.0.0/16 of network shop-web_a "
        f"({WEB}:7); choose a subnet that no other network of the host uses\n",
        near=service(
            "networks: [a]",
            tail="""\
networks:
  a: {ipam: {config: [{subnet: 10.2.0.0/16}]}}
  b: {ipam: {config: [{subnet: 10.1.1.0/24}]}}
  c: {ipam: {config: [{subnet: 10.1.2.0/24}]}}
""",
        ),
    ),
    Row(
        rule="N07",
        why="an external network that two apps name is one",
        breaks=two_apps(
            service(
                "networks: [a]",
                tail="networks: {a: {name: xx, ipam: {config: [{subnet: 10.1.0.0/24}]}}}\n",
            ),
            service(
                "networks: [a]",
                tail="networks: {a: {name: yy, ipam: {config: [{subnet: 10.1.0.0/24}]}}}\n",
            ),
        ),
        says=f"{WEB}:6: networks.a: subnet 10.1.0.0/24 overlaps 10.1.0.0/24 of network yy "
        f"({CRM}:6); choose a subnet that no other network of the host uses\n",
        near=two_apps(
            service(
                "networks: [a]",
                tail="networks: {a: {name: xx, ipam: {config: [{subnet: 10.1.0.0/24}]}}}\n",
            ),
            service(
                "networks: [a]",
                tail="networks: {a: {name: xx, ipam: {config: [{subnet: 10.1.0.0/24}]}}}\n",
            ),
        ),
    ),
    Row(
        rule="N07",
        why="the mesh's, of which the host is a member",
        breaks={"system.yaml": SYSTEM + MESH, "web.compose.yaml": subnet("10.9.1.0/24")},
        says=f"{WEB}:6: networks.a: subnet 10.9.1.0/24 overlaps 10.9.0.0/16 of the mesh "
        f"({FILE}:13); choose a subnet outside of the mesh's, or the host does not reach its "
        "members\n",
        near={
            "system.yaml": SYSTEM + MESH.replace("[vps]", "[]"),
            "web.compose.yaml": subnet("10.9.1.0/24"),
        },
    ),
    Row(
        rule="N08",
        why="a declared subnet of the host",
        breaks={"system.yaml": pooled("10.1.0.0/16"), "web.compose.yaml": subnet("10.1.2.0/24")},
        says=f"{FILE}:2: hosts.vps.docker.address_pools[0]: pool 10.1.0.0/16 overlaps 10.1.2.0/24 "
        f"of network shop-web_a ({WEB}:6): Docker may give it to a network that names no "
        "subnet; choose a pool apart from all that is declared\n",
        near={"system.yaml": pooled("10.2.0.0/16"), "web.compose.yaml": subnet("10.1.2.0/24")},
    ),
    Row(
        rule="N08",
        why="the mesh's",
        breaks={"system.yaml": pooled("10.0.0.0/8", mesh=MESH)},
        says=f"{FILE}:2: hosts.vps.docker.address_pools[0]: pool 10.0.0.0/8 overlaps 10.9.0.0/16 of"
        f" the mesh ({FILE}:13): Docker may give it to a network that names no subnet; choose "
        "a pool apart from all that is declared\n",
        near={"system.yaml": pooled("172.20.0.0/16", mesh=MESH)},
    ),
    Row(
        rule="N13",
        why="outside of the subnet",
        breaks=fixed("10.2.0.5"),
        says=f"{WEB}:2: services.front.networks.a.ipv4_address: address 10.2.0.5 of front is none "
        "that network a can give, whose subnet is 10.1.0.0/24; choose an address of its "
        "subnet\n",
        near=fixed("10.1.0.5"),
    ),
    Row(
        rule="N13",
        why="the last address of the subnet is nobody's",
        breaks=fixed("10.1.0.255"),
        says=f"{WEB}:2: services.front.networks.a.ipv4_address: address 10.1.0.255 of front is none"
        " that network a can give, whose subnet is 10.1.0.0/24; choose an address of its "
        "subnet\n",
        near=fixed("10.1.0.254"),
    ),
    Row(
        rule="N13",
        why="a network without a subnet, unless it is another's",
        breaks=service("networks: {a: {ipv4_address: 10.1.0.5}}", tail="networks: {a: {}}\n"),
        says=f"{WEB}:2: services.front.networks.a.ipv4_address: address 10.1.0.5 of front is none "
        "that network a can give, which declares no subnet; give the network a subnet that "
        "holds it\n",
        near=service(
            "networks: {a: {ipv4_address: 10.1.0.5}}", tail="networks: {a: {external: true}}\n"
        ),
    ),
    Row(
        rule="N13",
        why="the gateway's, which is the first unless another is named",
        breaks=fixed("10.1.0.1"),
        says=f"{WEB}:2: services.front.networks.a.ipv4_address: address 10.1.0.1 of front is the "
        "gateway's of network a; choose another address of its subnet\n",
        near=fixed("10.1.0.1", ipam=", gateway: 10.1.0.254"),
    ),
    Row(
        rule="N13",
        why="what Docker gives away",
        breaks=fixed("10.1.0.5", ipam=", ip_range: 10.1.0.0/25"),
        says=f"{WEB}:2: services.front.networks.a.ipv4_address: address 10.1.0.5 of front lies in "
        "ip_range 10.1.0.0/25, from where Docker may give it away first; choose an address of"
        " the subnet outside of ip_range\n",
        near=fixed("10.1.0.5", ipam=", ip_range: 10.1.0.128/25"),
    ),
    Row(
        rule="N13",
        why="taken twice",
        breaks=fixed("10.1.0.5", tail=other("10.1.0.5")),
        says=f"{WEB}:2: services.front.networks.a.ipv4_address: address 10.1.0.5 of front is taken "
        f"by back on network shop-web_a ({WEB}:6); give one of the two another address\n",
        near=fixed("10.1.0.5", tail=other("10.1.0.6")),
    ),
    Row(
        rule="N13",
        why="of IPv6",
        breaks=within("2001:db8::/64", 'networks: {a: {ipv6_address: "2001:db8:1::5"}}'),
        says=f"{WEB}:2: services.front.networks.a.ipv6_address: address 2001:db8:1::5 of front is "
        "none that network a can give, whose subnet is 2001:db8::/64; choose an address of "
        "its subnet\n",
        near=within("2001:db8::/64", 'networks: {a: {ipv6_address: "2001:db8::5"}}'),
    ),
    Row(
        rule="R15",
        why="an address that another container may have, but not a fixed one",
        breaks=called("http://10.1.0.3:80/"),
        says=f"{WEB}:2: services.front.environment.URL: URL names 10.1.0.3, which Docker gives out "
        "in network shop-web_a: after a restart it may be another's; use the service's name, "
        "or host-gateway for the host; or give the address with ipv4_address\n",
        near=called("http://10.1.0.250:80/"),
    ),
    Row(
        rule="R15",
        why="one address, but not a whole network that is trusted",
        breaks=called("10.1.0.3/32"),
        says=f"{WEB}:2: services.front.environment.URL: URL names 10.1.0.3, which Docker gives out "
        "in network shop-web_a: after a restart it may be another's; use the service's name, "
        "or host-gateway for the host; or give the address with ipv4_address\n",
        near=called("10.1.0.0/24, 1.10.1.0.3, 10.1.0.3.4, 10.1.0.300, 203.0.113.9, 127.0.0.1"),
    ),
    Row(
        rule="R15",
        why="beside a secret",
        breaks=called("postgres://shop:${DB_PASSWORD}@10.1.0.3/shop"),
        says=f"{WEB}:2: services.front.environment.URL: URL names 10.1.0.3, which Docker gives out "
        "in network shop-web_a: after a restart it may be another's; use the service's name, "
        "or host-gateway for the host; or give the address with ipv4_address\n",
        near=called("postgres://shop:${DB_PASSWORD}@back/shop"),
    ),
    Row(
        rule="R15",
        why="Docker's own bridge, in extra_hosts",
        breaks=service("extra_hosts: {host.example.com: 172.17.0.1}"),
        says=f"{WEB}:2: services.front.extra_hosts.host.example.com: host.example.com names "
        "172.17.0.1, which Docker gives out on its own bridge: after a restart it may be "
        "another's; use the service's name, or host-gateway for the host; or give the address"
        " with ipv4_address\n",
        near=service("extra_hosts: {host.example.com: host-gateway}"),
    ),
    Row(
        rule="R15",
        why="in a command; the gateway that is named is not given out",
        breaks=within("10.1.0.0/24", "command: run --to 10.1.0.9", "networks: [a]"),
        says=f"{WEB}:2: services.front.command: the command of front names 10.1.0.9, which Docker "
        "gives out in network shop-web_a: after a restart it may be another's; use the "
        "service's name, or host-gateway for the host; or give the address with ipv4_address\n",
        near=within(
            "10.1.0.0/24", "command: run --to 10.1.0.9", "networks: [a]", ipam=", gateway: 10.1.0.9"
        ),
    ),
    Row(
        rule="R15",
        why="a subnet of the same host only",
        breaks=two_apps(service("command: run --to 10.1.0.9"), subnet("10.1.0.0/24")),
        says=f"{WEB}:2: services.front.command: the command of front names 10.1.0.9, which Docker "
        "gives out in network shop-crm_a: after a restart it may be another's; use the "
        "service's name, or host-gateway for the host; or give the address with ipv4_address\n",
        near=two_apps(
            service("command: run --to 10.1.0.9"), subnet("10.1.0.0/24"), hosts="vps two"
        ),
    ),
    Row(
        rule="R15",
        why="in an env_file",
        breaks={
            "web.compose.yaml": within("10.1.0.0/24", "env_file: web.env", "networks: [a]"),
            "web.env": "URL=http://10.1.0.9\n",
        },
        says=f"{WEB}:2: services.front.env_file: URL names 10.1.0.9, which Docker gives out in "
        "network shop-web_a: after a restart it may be another's; use the service's name, or "
        "host-gateway for the host; or give the address with ipv4_address\n",
        near={
            "web.compose.yaml": within("10.1.0.0/24", "env_file: web.env", "networks: [a]"),
            "web.env": "URL=http://10.2.0.9\n",
        },
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
