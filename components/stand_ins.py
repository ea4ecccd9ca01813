"""Stand-ins for what providers would answer: plausible outputs, where no provider runs.

They are for comparisons of two revisions: what a resource of both has is the same text on both
sides, so that what is made of it (a script with a container's id in it, an SSH command with a
machine's address) can be compared as a whole. Only outputs that components read have one. Each is
made from the resource's URN: it says nothing of any real container, machine or key.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from pydantic import SecretStr

Value: TypeAlias = Any
StandIn: TypeAlias = Callable[[str, Mapping[str, Value]], Mapping[str, Value]]
"""From a resource's URN and inputs to its outputs, with its `id`; secret ones are `SecretStr`."""


def _hex(text: str, digits: int = 64) -> str:
    return hashlib.sha256(f"stand-in of {text}".encode()).hexdigest()[:digits]


def _uuid(text: str) -> str:
    digits = _hex(text, 32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _address(text: str) -> str:
    """An address of a range for documentation: RFC 5737."""
    return f"203.0.113.{1 + int(_hex(text, 4), 16) % 254}"


def _private_address(text: str) -> str:
    return f"198.51.100.{1 + int(_hex(text, 4), 16) % 254}"


def _pem(kind: str, text: str) -> str:
    body = base64.b64encode(bytes.fromhex(_hex(f"{kind} {text}"))).decode()
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n"


def _suffixed(urn: str, inputs: Mapping[str, Value]) -> Value:
    """The name given, or as the provider would make one: the logical name and a suffix."""
    given = inputs.get("name")
    return f"{urn.rpartition('::')[2]}-{_hex(urn, 7)}" if given is None else given


def _container(urn: str, inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"id": _hex(urn), "name": _suffixed(urn, inputs)}


def _network(urn: str, inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"id": _hex(urn), "name": _suffixed(urn, inputs)}


def _volume(urn: str, inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    name = _suffixed(urn, inputs)
    return {"id": name, "name": name}


def _image(urn: str, inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    name = inputs.get("name")
    digest = f"sha256:{_hex(f'{urn} {name}')}"
    id_ = {"id": digest + name} if isinstance(name, str) else {}
    return {"imageId": digest, "repoDigest": "", **id_}


def _command(urn: str, _inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    # What ours print is for people: nothing is made of it.
    name = urn.rpartition("::")[2]
    return {"id": name + _hex(urn, 8), "stdout": "", "stderr": ""}


def _private_key(urn: str, _inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    key = base64.b64encode(bytes.fromhex(_hex(urn))).decode()
    return {
        "id": _hex(urn, 40),
        "privateKeyPem": SecretStr(_pem("PRIVATE KEY", urn)),
        "privateKeyOpenssh": SecretStr(_pem("OPENSSH PRIVATE KEY", urn)),
        "publicKeyPem": _pem("PUBLIC KEY", urn),
        "publicKeyOpenssh": f"ssh-ed25519 {key}\n",
    }


def _request(urn: str, _inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"id": _hex(urn, 40), "certRequestPem": _pem("CERTIFICATE REQUEST", urn)}


def _certificate(urn: str, _inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"id": _hex(urn, 40), "certPem": _pem("CERTIFICATE", urn)}


def _zone(urn: str, _inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    servers = ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"]
    return {"id": _hex(urn, 32), "nameServers": servers}


def _origin_certificate(urn: str, _inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"id": _hex(urn, 32), "certificate": _pem("CERTIFICATE", urn)}


def _cloudflare(urn: str, _inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"id": _hex(urn, 32)}


def _tunnel(urn: str, _inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"id": _uuid(urn)}


def _aws(prefix: str) -> StandIn:
    return lambda urn, _inputs: {"id": f"{prefix}-{_hex(urn, 17)}"}


def _elastic_ip(urn: str, _inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    id_ = f"eipalloc-{_hex(urn, 17)}"
    return {"id": id_, "allocationId": id_, "publicIp": _address(urn)}


def _key_pair(urn: str, inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    name = inputs.get("keyName", f"{urn.rpartition('::')[2]}-{_hex(urn, 7)}")
    return {"id": name, "keyName": name}


def _oci(kind: str) -> StandIn:
    return lambda urn, _inputs: {"id": f"ocid1.{kind}.oc1..{_hex(urn, 60)}"}


def _public_ip(urn: str, _inputs: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"id": f"ocid1.publicip.oc1..{_hex(urn, 60)}", "ipAddress": _address(urn)}


STAND_INS: Final[Mapping[str, StandIn]] = {
    "docker:index/container:Container": _container,
    "docker:index/network:Network": _network,
    "docker:index/remoteImage:RemoteImage": _image,
    "docker:index/volume:Volume": _volume,
    "command:local:Command": _command,
    "command:remote:Command": _command,
    "tls:index/privateKey:PrivateKey": _private_key,
    "tls:index/certRequest:CertRequest": _request,
    "tls:index/locallySignedCert:LocallySignedCert": _certificate,
    "tls:index/selfSignedCert:SelfSignedCert": _certificate,
    **dict.fromkeys(
        (
            "cloudflare:index/authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate",
            "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings",
            "cloudflare:index/dnsRecord:DnsRecord",
            "cloudflare:index/ruleset:Ruleset",
            "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
            "cloudflare:index/zoneSetting:ZoneSetting",
        ),
        _cloudflare,
    ),
    "cloudflare:index/originCaCertificate:OriginCaCertificate": _origin_certificate,
    "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared": _tunnel,
    "cloudflare:index/zone:Zone": _zone,
    "aws:ec2/eip:Eip": _elastic_ip,
    "aws:ec2/eipAssociation:EipAssociation": _aws("eipassoc"),
    "aws:ec2/instance:Instance": _aws("i"),
    "aws:ec2/internetGateway:InternetGateway": _aws("igw"),
    "aws:ec2/keyPair:KeyPair": _key_pair,
    "aws:ec2/networkInterface:NetworkInterface": _aws("eni"),
    "aws:ec2/route:Route": _aws("r"),
    "aws:ec2/routeTable:RouteTable": _aws("rtb"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _aws("rtbassoc"),
    "aws:ec2/securityGroup:SecurityGroup": _aws("sg"),
    "aws:ec2/subnet:Subnet": _aws("subnet"),
    "aws:ec2/vpc:Vpc": _aws("vpc"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _aws("sgr"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _aws("sgr"),
    "oci:Core/instance:Instance": _oci("instance"),
    "oci:Core/internetGateway:InternetGateway": _oci("internetgateway"),
    "oci:Core/networkSecurityGroup:NetworkSecurityGroup": _oci("networksecuritygroup"),
    "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule": _oci("rule"),
    "oci:Core/publicIp:PublicIp": _public_ip,
    "oci:Core/routeTable:RouteTable": _oci("routetable"),
    "oci:Core/securityList:SecurityList": _oci("securitylist"),
    "oci:Core/subnet:Subnet": _oci("subnet"),
    "oci:Core/vcn:Vcn": _oci("vcn"),
}
"""By resource type, the outputs that components read of it, its id first of all."""


def _asked(args: Mapping[str, Value]) -> str:
    """What a function was asked, as a text to make its answer from."""
    return repr(sorted((key, repr(value)) for key, value in args.items()))


def _machine(args: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"id": args.get("instanceId", ""), "publicIp": _address(_asked(args))}


def _parameter(args: Mapping[str, Value]) -> Mapping[str, Value]:
    name = args.get("name", "")
    return {"id": name, "name": name, "value": f"ami-{_hex(_asked(args), 17)}"}


def _found_zone(args: Mapping[str, Value]) -> Mapping[str, Value]:
    id_ = _hex(_asked(args), 32)
    servers = ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"]
    return {"id": id_, "zoneId": id_, "nameServers": servers}


def _token(args: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"id": _hex(_asked(args), 32), "token": _hex(_asked(args))}


def _attachments(args: Mapping[str, Value]) -> Mapping[str, Value]:
    vnic = f"ocid1.vnic.oc1..{_hex(_asked(args), 60)}"
    return {"id": _hex(_asked(args), 32), "vnicAttachments": [{"vnicId": vnic}]}


def _private_ips(args: Mapping[str, Value]) -> Mapping[str, Value]:
    address: dict[str, Any] = {
        "id": f"ocid1.privateip.oc1..{_hex(_asked(args), 60)}",
        "ipAddress": _private_address(_asked(args)),
        "isPrimary": True,
    }
    return {"id": _hex(_asked(args), 32), "privateIps": [address]}


_CONNECTOR: Final = "cloudflare:index/getZeroTrustTunnelCloudflaredToken"

ANSWERS: Final[Mapping[str, Callable[[Mapping[str, Value]], Mapping[str, Value]]]] = {
    "aws:ec2/getInstance:getInstance": _machine,
    "aws:ssm/getParameter:getParameter": _parameter,
    "cloudflare:index/getZone:getZone": _found_zone,
    f"{_CONNECTOR}:getZeroTrustTunnelCloudflaredToken": _token,
    "oci:Core/getInstance:getInstance": _machine,
    "oci:Core/getPrivateIps:getPrivateIps": _private_ips,
    "oci:Core/getVnicAttachments:getVnicAttachments": _attachments,
}
"""By token, what functions of providers answer for the outputs that components read.

Others are not answered: Cloudflare's networks are the program's own list in every plan.
"""
