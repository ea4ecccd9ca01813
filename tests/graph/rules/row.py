"""Rows for the tests of rules: what breaks one, what is said of it, and what nearly does.

Only what the row's rule says is compared: the small systems here break others, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graph.rules import check
from tests.workspace import SHOP, graph_of, shop

SYSTEM = SHOP["systems/shop/system.yaml"]
WEB, CRM = "systems/shop/web.compose.yaml", "systems/shop/crm.compose.yaml"
FILE = "systems/shop/system.yaml"


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

    def check(self, folder: Path) -> None:
        """See that what breaks the rule is said, and that the near miss is not."""
        assert said(folder / "breaks", self.breaks, self.rule, self.stack) == self.says
        assert said(folder / "near", self.near, self.rule, self.stack) == ""


def said(root: Path, given: str | dict[str, str], rule: str, stack: str) -> str:
    """Tell what a rule says of the shop with the given files: a finding a line."""
    files = {"web.compose.yaml": given} if isinstance(given, str) else dict(given)
    stack = files.pop("stack", stack)
    findings = [f for f in check(graph_of(shop(root, files), stack)) if f.rule == rule]
    return "".join(f"{finding}\n" for finding in findings)


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
