"""Rules on who owns what."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import declares, front, of_others
from tests.graph.rules.row import FILE, SYSTEM, Row, two_apps
from tests.workspace import SHOP

PROCESS = (
    "processes:",
    "  {name}: {{host: vps, manager: systemd, purpose: API, command: api, directory: /srv, "
    "user: api}}",
)
JOB = ("jobs:", "  tidy: {host: vps, schedule: '0 3 * * *', purpose: Tidy, command: tidy}")
SITE = ("sites:", "  docs: {host: vps, path: /srv/docs, purpose: Docs}")
BACKUP = (
    "backups:",
    "  nightly:",
    "    host: vps",
    "    schedule: '0 3 * * *'",
    "    directory: /backups",
    "    captures: [{of: web/data, method: copy}]",
)
KEPT = front("a", "volumes: [data:/data]", tail="volumes: {data: {}}\n")
PROD = SHOP["Pulumi.prod.yaml"]


def named(process: str, *others: str) -> dict[str, str]:
    """Write the shop with a process, an external and a bucket."""
    lines = [line.format(name=process) for line in PROCESS]
    return {"system.yaml": declares(*lines, *others)}


def external(name: str) -> tuple[str, str]:
    return ("externals:", f"  {name}: {{purpose: Helps}}")


def bucket(name: str) -> tuple[str, str]:
    return ("buckets:", f"  {name}: {{provider: aws, region: eu, purpose: Copies}}")


def theirs(*lines: str) -> dict[str, str]:
    """Write the shop on a host that others manage, with more on it."""
    files = of_others(KEPT)
    return {**files, "system.yaml": files["system.yaml"] + "".join(f"{line}\n" for line in lines)}


def ours(*lines: str) -> dict[str, str]:
    return {"system.yaml": declares(*lines), "web.compose.yaml": KEPT}


def scenario(steps: str) -> dict[str, str]:
    return {"system.yaml": declares("scenarios:", f"  call: {{purpose: Asks, steps: {steps}}}")}


def ssh(access: str, address: str, *more: str, managed: str = "") -> dict[str, str]:
    """Write the shop's host with a mesh, who may use its SSH, and where it is deployed to."""
    mesh = "mesh: {kind: headscale, cidr: 10.8.0.0/24, members: [vps]}"
    keys = f"ingress: {{kind: caddy}}, ssh: {{access: {access}}}"
    if managed:
        keys = f"ssh: {{access: {access}}}, managed_by: {managed}"
    system = declares(mesh, *more, host=keys)
    if managed:
        system = system.replace("routes:\n  shop.example.com: {to: web/front:8080}\n", "")
    return {"system.yaml": system, "Pulumi.prod.yaml": PROD.replace("192.0.2.10", address)}


def made_at_ec2(access: str) -> dict[str, str]:
    """Write the shop on an instance that the stack makes, in a mesh, and who may use its SSH."""
    files = ssh(access, "192.0.2.10")
    ec2 = "{region: eu-central-1, instance_type: t3.small, public_key: ssh-ed25519 AAAA}"
    stack = PROD.replace('{address: 192.0.2.10, host_key: "ssh-ed25519 AAAA"}', f"{{ec2: {ec2}}}")
    system = files["system.yaml"].replace("kind: vps", "kind: ec2")
    return {"system.yaml": system, "Pulumi.prod.yaml": stack}


def addresses(one: str, other: str) -> dict[str, str]:
    """Write two hosts at certain addresses."""
    files = two_apps(front("a"), front("a"), hosts="vps eu")
    stack = files["Pulumi.prod.yaml"]
    for host, address in (("vps", one), ("eu", other)):
        stack = stack.replace(f"{host}: {{address: 192.0.2.10", f"{host}: {{address: {address}")
    return {**files, "Pulumi.prod.yaml": stack}


def without(*sections: str) -> dict[str, str]:
    """Write a system with hosts, and nothing else but some lines."""
    hosts = SYSTEM.partition("apps:\n")[0]
    return {"system.yaml": hosts + "".join(f"{line}\n" for line in sections)}


IDLE = (
    f"{FILE}:2: hosts.vps: shop has hosts, and nothing that runs on them; give it apps, "
    "processes or sites, or take it from the stack's systems\n"
)
LOCKED_OUT = (
    f"{FILE}:2: hosts.vps.ssh: SSH of vps admits the mesh only, and stack prod deploys to "
    "192.0.2.10, outside of the mesh's 10.8.0.0/24; deploy to its address in the mesh, "
    "or admit in ssh the network that deploys come from\n"
)
TWICE = (
    f"{FILE}:3: hosts.vps: host vps of shop has the address of host eu of shop on stack "
    "prod; correct the address; or, if they are one machine, describe it once\n"
)

ROWS = [
    Row(
        rule="G03",
        why="an external and a process",
        breaks=named("api", *external("api")),
        says=(
            f"{FILE}:16: externals.api: external api has the name of process api: a flow that "
            "names it can mean either; give one of the two another name\n"
        ),
        near=named("api", *external("api-of-others")),
    ),
    Row(
        rule="G03",
        why="a bucket and a host",
        breaks={"system.yaml": declares(*bucket("vps"))},
        says=(
            f"{FILE}:14: buckets.vps: bucket vps has the name of host vps: a flow that names it "
            "can mean either; give one of the two another name\n"
        ),
        near={"system.yaml": declares(*bucket("vps-backups"))},
    ),
    Row(
        rule="G03",
        why="an application may have the name of a host",
        breaks=named("vps"),
        says=(
            f"{FILE}:14: processes.vps: process vps has the name of host vps: a flow that names "
            "it can mean either; give one of the two another name\n"
        ),
        near=named("web"),
    ),
    Row(
        rule="G03",
        why="everyone",
        breaks={"system.yaml": declares(*external("internet"))},
        says=(
            f"{FILE}:14: externals.internet: external internet cannot be named in a flow, where "
            "internet is everyone; give it another name\n"
        ),
        near={"system.yaml": declares(*external("the-internet"))},
    ),
    Row(
        rule="K04",
        why="an application whose services are all off",
        breaks={
            "system.yaml": SYSTEM.partition("routes:\n")[0],
            "web.compose.yaml": front("a", "profiles: [later]"),
        },
        says=(
            f"{FILE}:4: apps.web: web has no service that is enabled, so nothing of it runs; "
            "enable a profile of its services, or remove the app\n"
        ),
        near={
            "system.yaml": SYSTEM.partition("routes:\n")[0].replace(
                "compose: web.compose.yaml", "compose: web.compose.yaml, profiles: [later]"
            ),
            "web.compose.yaml": front("a", "profiles: [later]"),
        },
    ),
    Row(
        rule="K04",
        why="a scenario without steps",
        breaks=scenario("[]"),
        says=(
            f"{FILE}:14: scenarios.call: scenario call has no steps, so it tells nothing; give it "
            "steps, or remove it\n"
        ),
        near=scenario("['internet -> vps/ingress: asks']"),
    ),
    Row(
        rule="K04",
        why="a system with hosts only",
        breaks=without(),
        says=IDLE,
        near=without(*JOB),
    ),
    Row(
        rule="K04",
        why="a process, or a site, is work",
        breaks=without(),
        says=IDLE,
        near=without(*SITE),
    ),
    Row(
        rule="K12",
        why="a machine that is made cannot be in the mesh yet",
        breaks=made_at_ec2("mesh"),
        says=f"{FILE}:2: hosts.vps.ssh: SSH of vps admits the mesh only, and stack prod makes the "
        "machine, which is in no mesh before it was set up by SSH; admit in ssh the network that "
        "deploys come from until the machine has joined\n",
        near=made_at_ec2("{mesh: true, allow: [198.51.100.0/24]}"),
        stack="prod",
    ),
    Row(
        rule="K12",
        why="an address outside of the mesh",
        breaks=ssh("mesh", "192.0.2.10"),
        says=LOCKED_OUT,
        near=ssh("mesh", "10.8.0.10"),
        stack="prod",
    ),
    Row(
        rule="K12",
        why="SSH for others, too",
        breaks=ssh("mesh", "192.0.2.10"),
        says=LOCKED_OUT,
        near=ssh("{mesh: true, allow: [198.51.100.0/24]}", "192.0.2.10"),
        stack="prod",
    ),
    Row(
        rule="K12",
        why="SSH for everybody",
        breaks=ssh("mesh", "192.0.2.10"),
        says=LOCKED_OUT,
        near=ssh("public", "192.0.2.10"),
        stack="prod",
    ),
    Row(
        rule="K12",
        why="a name that the mesh may resolve",
        breaks=ssh("mesh", "192.0.2.10"),
        says=LOCKED_OUT,
        near=ssh("mesh", "vps.mesh.example.com"),
        stack="prod",
    ),
    Row(
        rule="K12",
        why="nothing deploys to a host of others",
        breaks=ssh("mesh", "192.0.2.10"),
        says=LOCKED_OUT,
        near=ssh("mesh", "192.0.2.10", managed="Terraform"),
        stack="prod",
    ),
    Row(
        rule="K15",
        why="a process",
        breaks=theirs(*(line.format(name="api") for line in PROCESS)),
        says=(
            f"{FILE}:12: processes.api: api would be written to vps, which others manage "
            "(Terraform); move it to a host of yours, or remove it: of a host of others only "
            "apps can be described\n"
        ),
        near=theirs(),
    ),
    Row(
        rule="K15",
        why="a job",
        breaks=theirs(*JOB),
        says=(
            f"{FILE}:12: jobs.tidy: tidy would be written to vps, which others manage "
            "(Terraform); move it to a host of yours, or remove it: of a host of others only "
            "apps can be described\n"
        ),
        near=ours(*JOB),
    ),
    Row(
        rule="K15",
        why="a site",
        breaks=theirs(*SITE),
        says=(
            f"{FILE}:12: sites.docs: docs would be written to vps, which others manage "
            "(Terraform); move it to a host of yours, or remove it: of a host of others only "
            "apps can be described\n"
        ),
        near=ours(*SITE),
    ),
    Row(
        rule="K15",
        why="a backup",
        breaks=theirs(*BACKUP),
        says=(
            f"{FILE}:12: backups.nightly: nightly would be written to vps, which others manage "
            "(Terraform); move it to a host of yours, or remove it: of a host of others only "
            "apps can be described\n"
        ),
        near=ours(*BACKUP),
    ),
    Row(
        rule="K15",
        why="an address that is described twice",
        breaks=addresses("192.0.2.10", "192.0.2.10"),
        says=TWICE,
        near=addresses("192.0.2.10", "192.0.2.11"),
        stack="prod",
    ),
    Row(
        rule="K15",
        why="hosts behind one address",
        breaks=addresses("host.example.com", "HOST.example.com"),
        says=TWICE,
        near=addresses("host.example.com", "host.example.com, port: 2222"),
        stack="prod",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
