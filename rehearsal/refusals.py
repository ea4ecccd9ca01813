"""What the clouds would refuse, although the SDK's types allow it, each with a reason like theirs.

Sources: the EC2 API reference (RunInstances, AuthorizeSecurityGroupIngress, ImportKeyPair) and
OCI's (LaunchInstance, AddNetworkSecurityGroupSecurityRules). What is unknown yet is let by.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from preview.value import UNKNOWN, Secret

Inputs: TypeAlias = Mapping[str, Any]

EC2_USER_DATA: Final = 16_384
OCI_METADATA: Final = 32_000
_RULE_TEXT = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_SSH_KEY = re.compile(r"(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/=]+( .*)?")
_DOMAIN = re.compile(r"\S+:\S+-AD-[0-9]")


def refusals(type_: str, inputs: Inputs) -> Iterator[str]:
    """Give the reasons why a cloud would refuse a resource of a type; none when it would not."""
    known = {key: _plain(value) for key, value in inputs.items() if value is not UNKNOWN}
    for check in _CHECKS.get(type_, ()):
        yield from check(known)


def _plain(value: Any) -> Any:
    return _plain(value.value) if isinstance(value, Secret) else value


# --- EC2 -----------------------------------------------------------------------------------------


def _user_data(inputs: Inputs) -> Iterator[str]:
    text = inputs.get("userDataBase64")
    if isinstance(text, str):
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            yield "InvalidUserData.Malformed: Invalid BASE64 encoding of user data"
            return
        if len(data) > EC2_USER_DATA:
            yield f"InvalidParameterValue: User data is limited to {EC2_USER_DATA} bytes"


def _interface(inputs: Inputs) -> Iterator[str]:
    if "primaryNetworkInterface" in inputs:
        for key in ("subnetId", "vpcSecurityGroupIds", "associatePublicIpAddress"):
            if key in inputs:
                yield (
                    "InvalidParameterCombination: Network interfaces and an instance-level "
                    f"{key} may not be specified on the same request"
                )


def _metadata_options(inputs: Inputs) -> Iterator[str]:
    options = inputs.get("metadataOptions") or {}
    hops = options.get("httpPutResponseHopLimit", 1) if isinstance(options, Mapping) else 1
    if isinstance(hops, int | float) and not 1 <= hops <= 64:
        yield "InvalidParameterValue: HttpPutResponseHopLimit must be between 1 and 64"


def _group_rule(inputs: Inputs) -> Iterator[str]:
    sources = [
        key
        for key in ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
        if inputs.get(key)
    ]
    if len(sources) != 1:
        yield "InvalidParameterCombination: exactly one source or destination must be specified"
    for key, version in (("cidrIpv4", 4), ("cidrIpv6", 6)):
        if isinstance(inputs.get(key), str):
            yield from _cidr(inputs[key], version)
    low, high = inputs.get("fromPort"), inputs.get("toPort")
    if inputs.get("ipProtocol") == "-1":
        if low is not None or high is not None:
            yield "InvalidParameterValue: ports with protocol -1"
    elif not _is_range(low, high):
        yield f"InvalidParameterValue: Invalid port range: {low} to {high}"
    text = inputs.get("description")
    if isinstance(text, str) and not _RULE_TEXT.fullmatch(text):
        yield f"InvalidParameterValue: Invalid rule description {text!r}"


def _ec2_key(inputs: Inputs) -> Iterator[str]:
    key = inputs.get("publicKey")
    if isinstance(key, str) and not _SSH_KEY.fullmatch(key.strip()):
        yield "InvalidKey.Format: Key is not in valid OpenSSH public key format"


def _subnet(inputs: Inputs) -> Iterator[str]:
    cidr = inputs.get("cidrBlock")
    if isinstance(cidr, str):
        yield from _cidr(cidr, 4)
        if not 16 <= int(cidr.rpartition("/")[2] or 0) <= 28:
            yield f"InvalidSubnet.Range: The CIDR '{cidr}' is invalid: /16 to /28"


# --- OCI -----------------------------------------------------------------------------------------


def _oci_instance(inputs: Inputs) -> Iterator[str]:
    metadata = inputs.get("metadata")
    if isinstance(metadata, Mapping):
        texts = [_plain(value) for value in metadata.values()]
        size = sum(map(len, metadata)) + sum(len(each) for each in texts if isinstance(each, str))
        if size > OCI_METADATA:
            yield f"InvalidParameter: metadata of {size} bytes; the maximum is {OCI_METADATA}"
    domain = inputs.get("availabilityDomain")
    if isinstance(domain, str) and not _DOMAIN.fullmatch(domain):
        yield f"InvalidParameter: {domain!r} is no availability domain"
    shape, config = str(inputs.get("shape", "")), inputs.get("shapeConfig")
    if shape.endswith(".Flex"):
        yield from _shape(config if isinstance(config, Mapping) else {})
    elif config is not None:
        yield f"InvalidParameter: shapeConfig with the fixed shape {shape}"
    source = inputs.get("sourceDetails")
    if isinstance(source, Mapping):
        size_text = source.get("bootVolumeSizeInGbs")
        if isinstance(size_text, str) and not 50 <= int(size_text) <= 32_768:
            yield "InvalidParameter: boot volumes have 50 GB to 32 TB"


def _shape(config: Inputs) -> Iterator[str]:
    cores, memory = config.get("ocpus"), config.get("memoryInGbs")
    if not isinstance(cores, int | float) or not isinstance(memory, int | float):
        yield "InvalidParameter: a flexible shape needs ocpus and memoryInGbs"
    elif not float(cores).is_integer() or not 1 <= cores <= 80:
        yield f"InvalidParameter: ocpus {cores:g} is not 1 to 80, whole"
    elif not cores <= memory <= 64 * cores:
        yield f"InvalidParameter: {memory:g} GB for {cores:g} OCPUs; 1 to 64 each"


def _oci_rule(inputs: Inputs) -> Iterator[str]:
    source, destination = inputs.get("source"), inputs.get("destination")
    inward = inputs.get("direction") == "INGRESS"
    if not (source if inward else destination):
        yield "InvalidParameter: an ingress rule needs a source, an egress rule a destination"
    for cidr in (source, destination):
        if isinstance(cidr, str):
            yield from _cidr(cidr, None)
    for protocol, options in (("6", "tcpOptions"), ("17", "udpOptions")):
        given = inputs.get(options)
        if given is not None and inputs.get("protocol") != protocol:
            yield f"InvalidParameter: {options} with protocol {inputs.get('protocol')}"
        ports = given.get("destinationPortRange") if isinstance(given, Mapping) else None
        if isinstance(ports, Mapping):
            low, high = ports.get("min"), ports.get("max")
            if not _is_range(low, high):
                yield f"InvalidParameter: port range {low} to {high}"


# --- both ----------------------------------------------------------------------------------------


def _cidr(text: str, version: int | None) -> Iterator[str]:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        yield f"InvalidParameterValue: CIDR block {text} is malformed: {error}"
        return
    if version is not None and network.version != version:
        yield f"InvalidParameterValue: CIDR block {text} is not of IPv{version}"


def _is_range(low: object, high: object) -> bool:
    ports = [each for each in (low, high) if isinstance(each, int | float)]
    return len(ports) == 2 and 0 <= ports[0] <= ports[1] <= 65_535


_CHECKS: Final[Mapping[str, tuple[Callable[[Inputs], Iterator[str]], ...]]] = {
    "aws:ec2/instance:Instance": (_user_data, _interface, _metadata_options),
    "aws:ec2/keyPair:KeyPair": (_ec2_key,),
    "aws:ec2/subnet:Subnet": (_subnet,),
    "aws:ec2/vpc:Vpc": (_subnet,),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (_group_rule,),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (_group_rule,),
    "oci:Core/instance:Instance": (_oci_instance,),
    "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule": (_oci_rule,),
}
