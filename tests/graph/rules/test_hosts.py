"""Rules on hosts themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import FILE, SYSTEM, Row, service

MESH = "mesh: {kind: wireguard, cidr: 100.64.0.0/10, members: [vps]}\n"
CONTROLLED = MESH.replace("members: [vps]", "members: [vps, two], control: web/front")
TWO = "  two: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB, ssh: {access: mesh}}\n"


def host(said: str, *sections: str, more: str = "") -> dict[str, str]:
    """Write the system with more said of its host, other hosts, and further sections."""
    text = SYSTEM.replace("cpus: 2,", f"cpus: 2, {said},")
    return {"system.yaml": text.replace("apps:\n", f"{more}apps:\n") + "".join(sections)}


def two_hosts(ssh: str, mesh: str) -> dict[str, str]:
    """Write two hosts with a mesh, and the second's SSH for the mesh only."""
    access = "{address: 192.0.2.10, host_key: ssh-ed25519 AAAA}"
    return {
        **host(f"ssh: {{access: {ssh}}}", mesh, more=TWO),
        "Pulumi.prod.yaml": f"""\
config:
  stackgraph:target: prod
  stackgraph:systems: [shop]
  stackgraph:shop:
    hosts: {{vps: {access}, two: {access}}}
    secrets:
      DB_PASSWORD: {{secure: "v1:encrypted"}}
""",
    }


def job(command: str) -> dict[str, str]:
    text = f"jobs: {{tidy: {{host: vps, schedule: 0 4 * * 0, command: {command}, purpose: x}}}}\n"
    return {"system.yaml": SYSTEM + text}


def watched(
    *monitors: str, bans: str = "", members: str = "", prober: str = "web/front"
) -> dict[str, str]:
    """Write monitors of the host's name, and what it bans."""
    text = "".join(
        f"  m{number}: {{prober: {prober}, target: 'https://shop.example.com/', {said}}}\n"
        for number, said in enumerate(monitors)
    )
    said = f"bans: {{failures: 10, window: 10m, statuses: [401, 403]{bans}}}"
    mesh = MESH.replace("[vps]", f"[{members}]")
    outside = "externals: {pinger: {purpose: Asks}}\n"
    return host(said, mesh, outside, f"monitors:\n{text}")


NEVER = ", never: [100.0.0.0/8]"

ROWS = [
    Row(
        rule="N06",
        why="removes what is down; what has a label may go",
        breaks=job("docker system prune --volumes -f"),
        says=f"{FILE}:13: jobs.tidy.command: docker system prune takes stopped containers and "
        "unused networks, volumes too, whoever owns them: of every app that is down at that "
        "time; add --filter label=…, or prune images only\n",
        near=job("docker system prune --volumes -f --filter label=temporary"),
    ),
    Row(
        rule="N06",
        why="removes volumes; images come back",
        breaks=job("cd / && /usr/bin/docker --context default volume prune -f; date"),
        says=f"{FILE}:13: jobs.tidy.command: docker volume prune takes volumes that nothing uses "
        "just now, whoever owns them: of every app that is down at that time; add --filter "
        "label=…, or prune images only\n",
        near=job("cd / && /usr/bin/docker --context default image prune -f; date"),
    ),
    Row(
        rule="N06",
        why="a label of another command",
        breaks=job("docker network prune -f && docker image prune --filter label=a"),
        says=f"{FILE}:13: jobs.tidy.command: docker network prune takes networks that nothing uses "
        "just now, whoever owns them: of every app that is down at that time; add --filter "
        "label=…, or prune images only\n",
        near=job("docker network prune -f --filter=label=a && docker image prune"),
    ),
    Row(
        rule="N06",
        why="what is stopped, however old",
        breaks=job("docker container prune --filter until=24h"),
        says=f"{FILE}:13: jobs.tidy.command: docker container prune takes stopped containers, "
        "whoever owns them: of every app that is down at that time; add --filter label=…, or "
        "prune images only\n",
        near=job("docker container ls --filter until=24h"),
    ),
    Row(
        rule="P06",
        why="no member of the mesh",
        breaks=host("ssh: {access: mesh}", MESH.replace("[vps]", "[]")),
        says=f"{FILE}:2: hosts.vps.ssh.access: SSH of vps is for the mesh only, of which vps is no "
        "member: nobody gets in; add it to the members of the mesh, or let addresses in by "
        "allow\n",
        near=host("ssh: {access: mesh}", MESH),
    ),
    Row(
        rule="P06",
        why="no mesh; an address may, too",
        breaks=host("ssh: {access: mesh}"),
        says=f"{FILE}:2: hosts.vps.ssh.access: SSH of vps is for the mesh only, and the system has "
        "none: nobody gets in; declare the mesh, or let addresses in by allow\n",
        near=host("ssh: {access: {mesh: true, allow: [192.0.2.9/32]}}"),
    ),
    Row(
        rule="P06",
        why="a host of others is not ours to enter",
        breaks=host("purpose: x", more=TWO),
        says=f"{FILE}:3: hosts.two.ssh.access: SSH of two is for the mesh only, and the system has "
        "none: nobody gets in; declare the mesh, or let addresses in by allow\n",
        near=host("purpose: x", more=TWO.replace("cpus: 2", "cpus: 2, managed_by: Terraform")),
    ),
    Row(
        rule="P07",
        why="every host",
        breaks=two_hosts("mesh", MESH.replace("[vps]", "[vps, two]")),
        says=f"{FILE}:14: mesh: SSH of every host (two, vps) is for the mesh only: when it fails, "
        "nobody gets in anywhere; let an address in by allow, on one host at least\n",
        near=two_hosts("public", MESH.replace("[vps]", "[vps, two]")),
    ),
    Row(
        rule="P07",
        why="the host that controls the mesh",
        breaks=two_hosts("mesh", CONTROLLED),
        says=f"{FILE}:2: hosts.vps.ssh.access: SSH of vps is for the mesh only, whose control "
        "server runs there: when it fails, nobody gets in to mend it; let an address in by "
        "allow, too\n",
        near=two_hosts("{allow: [192.0.2.9/32]}", CONTROLLED),
    ),
    Row(
        rule="P11",
        why="as often as bans",
        breaks=watched("expect: [200, 401], every: 60s"),
        says=f"{FILE}:16: monitors.m0: web/front gets 401 from vps 10 times in 10m0s (m0), and 10 "
        "ban it; ask less often, or what needs no credentials, or add its network to "
        "bans.never\n",
        near=watched("expect: [200, 401], every: 61s"),
    ),
    Row(
        rule="P11",
        why="two monitors of one prober together, and answers that do not count",
        breaks=watched("expect: [401], every: 2m", "expect: [403], every: 2m"),
        says=f"{FILE}:16: monitors.m0: web/front gets 401, 403 from vps 10 times in 10m0s (m0, m1),"
        " and 10 ban it; ask less often, or what needs no credentials, or add its network to "
        "bans.never\n",
        near=watched("expect: [401], every: 2m", "expect: [404], every: 2m"),
    ),
    Row(
        rule="P11",
        why="a prober outside of the mesh, which is never banned",
        breaks=watched("expect: [401], every: 10s", bans=NEVER),
        says=f"{FILE}:16: monitors.m0: web/front gets 401 from vps 60 times in 10m0s (m0), and 10 "
        "ban it; ask less often, or what needs no credentials, or add its network to "
        "bans.never\n",
        near=watched("expect: [401], every: 10s", bans=NEVER, members="vps"),
    ),
    Row(
        rule="P11",
        why="a part of the mesh is never banned",
        breaks=watched("expect: [401], every: 10s", bans=", never: [100.64.0.0/16]", members="vps"),
        says=f"{FILE}:16: monitors.m0: web/front gets 401 from vps 60 times in 10m0s (m0), and 10 "
        "ban it; ask less often, or what needs no credentials, or add its network to "
        "bans.never\n",
        near=watched("expect: [401], every: 10s", bans=", never: [100.64.0.0/10]", members="vps"),
    ),
    Row(
        rule="P11",
        why="an external is in no mesh",
        breaks=watched("expect: [401], every: 10s", bans=NEVER, members="vps", prober="pinger"),
        says=f"{FILE}:16: monitors.m0: pinger gets 401 from vps 60 times in 10m0s (m0), and 10 ban "
        "it; ask less often, or what needs no credentials, or add its network to bans.never\n",
        near=watched("expect: [200], every: 10s", bans=NEVER, members="vps", prober="pinger"),
    ),
    Row(
        rule="P13",
        why="bare",
        breaks=host("hardened: false"),
        says=f"{FILE}:2: hosts.vps.hardened: vps is not hardened: passwords, root's login and open "
        "ports stay as its image has them; remove hardened: false\n",
        near=host("hardened: true"),
    ),
    Row(
        rule="P13",
        why="bare, but of others",
        breaks=host("purpose: x", more=TWO.replace("cpus: 2", "cpus: 2, hardened: false")),
        says=f"{FILE}:3: hosts.two.hardened: two is not hardened: passwords, root's login and open "
        "ports stay as its image has them; remove hardened: false\n",
        near=host(
            "purpose: x",
            more=TWO.replace("cpus: 2", "cpus: 2, hardened: false, managed_by: Terraform"),
        ),
    ),
    Row(
        rule="P15",
        why="a container's port that others reach",
        breaks={
            **host("bans: {failures: 5, window: 10m, chain: input}"),
            "web.compose.yaml": service('ports: ["9000:8080"]'),
        },
        says=f"{FILE}:2: hosts.vps.bans.chain: bans of vps apply in the chain input, which packets "
        "to containers never pass: web/front; set chain: docker-user\n",
        near={
            **host("bans: {failures: 5, window: 10m, chain: input}"),
            "web.compose.yaml": service('ports: ["127.0.0.1:9000:8080"]'),
        },
    ),
    Row(
        rule="P15",
        why="a container with networks of its own",
        breaks={
            **host("bans: {failures: 5, window: 10m, chain: input}"),
            "web.compose.yaml": service('ports: ["9000:8080"]'),
        },
        says=f"{FILE}:2: hosts.vps.bans.chain: bans of vps apply in the chain input, which packets "
        "to containers never pass: web/front; set chain: docker-user\n",
        near={
            **host("bans: {failures: 5, window: 10m, chain: input}"),
            "web.compose.yaml": service("network_mode: host"),
        },
    ),
    Row(
        rule="P15",
        why="the ingress in a container",
        breaks=host("bans: {failures: 5, window: 10m, chain: input}"),
        says=f"{FILE}:2: hosts.vps.bans.chain: bans of vps apply in the chain input, which packets "
        "to containers never pass: its ingress; set chain: docker-user\n",
        near={
            "system.yaml": host("bans: {failures: 5, window: 10m, chain: input}")[
                "system.yaml"
            ].replace("kind: caddy", "kind: nginx")
        },
        stack="prod",
    ),
    Row(
        rule="P15",
        why="the chain that packets to containers pass",
        breaks=host("bans: {failures: 5, window: 10m, chain: input}"),
        says=f"{FILE}:2: hosts.vps.bans.chain: bans of vps apply in the chain input, which packets "
        "to containers never pass: its ingress; set chain: docker-user\n",
        near=host("bans: {failures: 5, window: 10m, chain: docker-user}"),
        stack="prod",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
