"""Types of resources, as far as a risk depends on them."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import Final

from preview.change import SYSTEM_TYPE

CONTAINER: Final = "docker:index/container:Container"
NETWORK: Final = "docker:index/network:Network"
VOLUME: Final = "docker:index/volume:Volume"
IMAGE: Final = "docker:index/remoteImage:RemoteImage"
RECORD: Final = "cloudflare:index/dnsRecord:DnsRecord"
SETTING: Final = "cloudflare:index/zoneSetting:ZoneSetting"
TUNNEL: Final = "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared"
ORIGIN_CERTIFICATE: Final = "cloudflare:index/originCaCertificate:OriginCaCertificate"
PRIVATE_KEY: Final = "tls:index/privateKey:PrivateKey"
COMMANDS: Final = ("command:local:Command", "command:remote:Command")
INSTANCES: Final = ("aws:ec2/instance:Instance", "oci:Core/instance:Instance")

_PARENT: Final = f"::{SYSTEM_TYPE}$"


class Nature(Enum):
    """What goes with a resource that is deleted or replaced."""

    DATA = auto()
    """It holds data, by its type."""
    MACHINE = auto()
    """It is a machine, with a disk."""
    NOTHING = auto()
    """What comes in its place is as good, or another family judges it."""
    UNKNOWN = auto()
    """Nobody here knows the type."""


_DATA: Final = re.compile(
    r"bucket(v2)?$|volume$|disk$|databases?$|(dynamodb|bigtable|storage|bigquery).*table$"
    r"|(rds|docdb|neptune|redshift|elasticache|memorydb|opensearch|elasticsearch|msk|kafka|redis"
    r"|mongo|mysql|mariadb|postgre\w*|sql|atlas)\w*[/:].*(cluster|instance|domain|server|replicationgroup)$"
    r"|(sql|db|database)(instance|cluster|system|server)$|filesystem$|sharedfs$|keyspace$"
    r"|kvnamespace$|persistentvolume(claim)?$|(sqs|rabbitmq|pubsub)\w*[/:].*(queue|topic)$"
    r"|(ecr|artifactregistry)\w*[/:].*repository$",
    re.IGNORECASE,
)
_MACHINE: Final = re.compile(
    r"(ec2|core|compute|lightsail|gce|hcloud|digitalocean|linode|vultr|scaleway|proxmox\w*)\w*[:/].*"
    r"(instance|server|droplet|virtualmachine)$|virtualmachine$",
    re.IGNORECASE,
)
_HARMLESS_PACKAGES: Final = frozenset(
    {"pulumi", "stackgraph", "docker", "command", "cloudflare", "tls", "random", "time", "null"}
)
_HARMLESS: Final = re.compile(
    r"(securitygroup|securitylist|rule|route\w*|gateway|subnet\w*|vpc|vcn|eip|publicip|vnic"
    r"|networkinterface|keypair|sshkey|firewall\w*|policy\w*|role|attachment|association|record\w*"
    r"|grant|permission|alarm|dashboard|listener|loadbalancer|targetgroup|profile)$",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def nature(type_: str) -> Nature:
    """Tell what goes with a resource of a type."""
    package, _, rest = type_.partition(":")
    member = type_.rpartition(":")[2]
    if type_ in INSTANCES or (package not in _HARMLESS_PACKAGES and _MACHINE.search(type_)):
        return Nature.MACHINE
    if _DATA.search(f"{package}/{rest.partition(':')[0]}:{member}"):
        return Nature.DATA
    if package in _HARMLESS_PACKAGES or _HARMLESS.search(member):
        return Nature.NOTHING
    return Nature.UNKNOWN


def shared(urn: str) -> bool:
    """Tell whether a resource is part of a system of this program, which has a summary."""
    return _PARENT in urn


@lru_cache(maxsize=4096)
def spoken(type_: str) -> str:
    """Give what people call a type: ``aws SecurityGroup`` for ``aws:ec2/…:SecurityGroup``."""
    package, _, _ = type_.partition(":")
    return f"{package} {type_.rpartition(':')[2]}"
