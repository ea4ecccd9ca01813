"""Policies on resources of AWS and OCI: PROVIDERS.md, sections 4 and 5, and the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from config.finding import Severity
from policy.policies import Options, Policy, Violation
from policy.resources import Resource, child, flag, is_unknown, objects, text, whole

INSTANCE: Final = "aws:ec2/instance:Instance"
OCI_INSTANCE: Final = "oci:Core/instance:Instance"
INGRESS_RULE: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
GROUP_RULE: Final = "aws:ec2/securityGroupRule:SecurityGroupRule"
NSG_RULE: Final = "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule"
SSH: Final = 22
_EVERYBODY: Final = frozenset({"0.0.0.0/0", "::/0"})


def _old_metadata(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        options = each.inputs.get("metadataOptions")
        tokens = child(options, "httpTokens")
        if is_unknown(options) or is_unknown(tokens) or tokens == "required":
            continue
        yield Violation(
            each.urn,
            f"{each.name} answers requests for its metadata without a token: a program on it "
            "that can be made to call an address gives its credentials away",
            "set metadataOptions.httpTokens to required",
        )


def _plain_disk(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        device = each.inputs.get("rootBlockDevice")
        encrypted = child(device, "encrypted")
        if is_unknown(device) or is_unknown(encrypted) or flag(encrypted):
            continue
        yield Violation(
            each.urn,
            f"the root disk of {each.name} is not encrypted",
            "set rootBlockDevice.encrypted to true",
        )


def _legacy_metadata(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        options = each.inputs.get("instanceOptions")
        off = child(options, "areLegacyImdsEndpointsDisabled")
        if is_unknown(options) or is_unknown(off) or flag(off):
            continue
        yield Violation(
            each.urn,
            f"{each.name} answers requests for its metadata without a token, by the endpoints "
            "of version 1",
            "set instanceOptions.areLegacyImdsEndpointsDisabled to true",
        )


def _ssh_for_everybody(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        if any(SSH in ports for ports in _open_to_everybody(each)):
            yield Violation(
                each.urn,
                f"{each.name} opens port {SSH} to every address",
                "let in the addresses that administer it, or a private network",
            )


def _open_to_everybody(resource: Resource) -> Iterator[range]:
    """Give the TCP ports that a rule opens to every address."""
    inputs = resource.inputs
    if resource.type == INGRESS_RULE:
        if {inputs.get("cidrIpv4"), inputs.get("cidrIpv6")} & _EVERYBODY:
            yield from _ports(
                inputs.get("ipProtocol"), inputs.get("fromPort"), inputs.get("toPort")
            )
    elif resource.type == NSG_RULE:
        everybody = text(inputs.get("source")) in _EVERYBODY
        if everybody and inputs.get("direction") == "INGRESS":
            options = inputs.get("tcpOptions")
            ports = child(options, "destinationPortRange")
            if options is None or ports is None:
                yield from _ports(inputs.get("protocol"), None, None, all_ports=True)
            else:
                protocol = inputs.get("protocol")
                yield from _ports(protocol, child(ports, "min"), child(ports, "max"))
    else:
        rules = [inputs] if inputs.get("type") == "ingress" else []
        for rule in (*rules, *objects(inputs.get("ingress"))):
            blocks = [*_texts(rule, "cidrBlocks"), *_texts(rule, "ipv6CidrBlocks")]
            if _EVERYBODY & set(blocks):
                yield from _ports(rule.get("protocol"), rule.get("fromPort"), rule.get("toPort"))


def _texts(rule: object, key: str) -> list[str]:
    value = child(rule, key)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _ports(
    protocol: object, first: object, last: object, *, all_ports: bool = False
) -> Iterator[range]:
    if protocol in ("-1", "all"):
        yield range(65_536)
    elif protocol in ("tcp", "6", 6):
        low, high = whole(first), whole(last)
        if all_ports:
            yield range(65_536)
        elif low is not None and high is not None:
            yield range(low, high + 1)


def _policy(
    id_: str,
    title: str,
    severity: Severity,
    types: set[str],
    inputs: str,
    judge: Callable[[Sequence[Resource], Options], Iterator[Violation]],
    because: str,
) -> Policy:
    return Policy(
        id=id_,
        title=title,
        severity=severity,
        scope="resource",
        types=frozenset(types),
        inputs=inputs,
        judge=judge,
        because=because,
    )


CLOUDS: Final[tuple[Policy, ...]] = (
    _policy(
        "P09",
        "SSH of a machine is not open to every address",
        Severity.ERROR,
        {INGRESS_RULE, GROUP, GROUP_RULE, NSG_RULE},
        "cidrIpv4, cidrBlocks, source",
        _ssh_for_everybody,
        "catalogue P09",
    ),
    _policy(
        "X11",
        "An EC2 instance tells its metadata only to who has a token",
        Severity.WARNING,
        {INSTANCE},
        "metadataOptions.httpTokens",
        _old_metadata,
        "PROVIDERS.md, section 4",
    ),
    _policy(
        "X12",
        "The root disk of an EC2 instance is encrypted",
        Severity.WARNING,
        {INSTANCE},
        "rootBlockDevice.encrypted",
        _plain_disk,
        "PROVIDERS.md, section 4",
    ),
    _policy(
        "X13",
        "An OCI instance tells its metadata only to who has a token",
        Severity.WARNING,
        {OCI_INSTANCE},
        "instanceOptions.areLegacyImdsEndpointsDisabled",
        _legacy_metadata,
        "PROVIDERS.md, section 5",
    ),
)
