"""Stack configuration of hosts that live in a cloud: made there, or read there.

The cloud's credentials are none of it: the provider takes them from its own places
(``AWS_PROFILE``, ``~/.aws``, ``~/.oci/config`` and their like).
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Iterator
from typing import Annotated, Final, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, model_validator

from config.base import Model
from config.host import Platform
from config.units import parse_bytes, scalar_text

GIBIBYTE: Final = 1024**3

DEFAULT_NETWORK: Final = "10.77.0.0/24"
"""The addresses of a network made for a host: few, and far from Docker's own ranges."""

DEFAULT_IMAGE_PARAMETERS: Final[dict[Platform, str]] = {
    "linux/amd64": "/aws/service/debian/release/13/latest/amd64",
    "linux/arm64": "/aws/service/debian/release/13/latest/arm64",
}
"""Public SSM parameters that hold the id of Debian's newest image in each region."""

DEFAULT_SHAPE: Final = "VM.Standard.A1.Flex"

_ARM_SHAPE = re.compile(r"(VM|BM)\.Standard\.A[0-9]+\..*")
_ARM_TYPE = re.compile(r"(a1|[a-z]+[0-9]+[a-z]*g[a-z]*)\..*")
"""Instance types of EC2 on Graviton: a ``g`` among the letters behind the generation."""


def _like(pattern: str, what: str, example: str) -> AfterValidator:
    def check(text: str) -> str:
        # Of a stack's configuration no value is shown.
        if not re.fullmatch(pattern, text):
            msg = f"it is no {what}; write one like {example}"
            raise ValueError(msg)
        return text

    return AfterValidator(check)


def _volume(least: int) -> BeforeValidator:
    def check(value: object) -> int:
        # The unit's own words would show the value.
        with contextlib.suppress(ValueError):
            size = parse_bytes(value)
            if size % GIBIBYTE == 0 and size >= least * GIBIBYTE:
                return size
        msg = f"it is no whole number of GiB from {least} on; write one like 50GiB"
        raise ValueError(msg)

    return BeforeValidator(check)


def _network(value: object) -> str:
    with contextlib.suppress(ValueError):
        network = ipaddress.ip_network(str(value))
        if network.version == 4 and network.is_private and 16 <= network.prefixlen <= 28:
            return str(network)
    msg = f"it is no private network between /16 and /28; write one like {DEFAULT_NETWORK}"
    raise ValueError(msg)


def _id(prefix: str) -> AfterValidator:
    return _like(rf"{prefix}-[0-9a-f]{{8,17}}", "id of EC2", f"{prefix}-0123456789abcdef0")


def _ocid(*kinds: str) -> AfterValidator:
    return _like(rf"ocid1\.({'|'.join(kinds)})\.\S+", "OCID", f"ocid1.{kinds[0]}.oc1..aaaa")


PublicKey: TypeAlias = Annotated[
    str,
    _like(
        r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-\S+) [A-Za-z0-9+/=]+( .*)?",
        "public SSH key",
        "ssh-ed25519 AAAA, as ~/.ssh/id_ed25519.pub holds it",
    ),
]
OwnNetwork: TypeAlias = Annotated[str, BeforeValidator(_network)]
Tags: TypeAlias = dict[str, str]


class Ec2Settings(Model):
    """An EC2 instance: to be made, or one that somebody else owns (``instance``).

    ====================  ========  ==========================================================
    key                   needed    what it says; what holds without it
    ====================  ========  ==========================================================
    region                yes       like eu-central-1
    instance_type         to make   like t4g.large; its architecture must be the host's
    public_key            to make   the first key that may log in
    instance              no        an existing instance's id: nothing is made, only read
    profile, account      no        of ~/.aws; the only account that may be touched
    image_parameter       no        the SSM parameter with the image's id; newest Debian
    volume_size           no        of the encrypted gp3 root volume; 30GiB
    vpc, subnet           no        an existing, public subnet; a network of its own
    cidr                  no        of the network of its own; 10.77.0.0/24
    availability_zone     no        of the subnet of its own; the cloud's choice
    protect               no        neither Pulumi nor EC2 lets it be deleted; true
    tags                  no        of everything that is made
    ====================  ========  ==========================================================
    """

    region: Annotated[str, _like(r"[a-z]{2}(-[a-z]+)+-[0-9]+", "region of EC2", "eu-central-1")]
    instance_type: Annotated[str, _like(r"[a-z0-9-]+\.[a-z0-9-]+", "type", "t4g.large")] | None = (
        None
    )
    public_key: PublicKey | None = None
    instance: Annotated[str, _id("i")] | None = None
    profile: str | None = None
    account: (
        Annotated[
            str,
            BeforeValidator(scalar_text),
            _like(r"[0-9]{12}", "account", "'123456789012', with quotation marks"),
        ]
        | None
    ) = None
    image_parameter: Annotated[str, _like(r"/\S+", "SSM parameter", "/my/image")] | None = None
    volume_size: Annotated[int, _volume(8)] = 30 * GIBIBYTE
    vpc: Annotated[str, _id("vpc")] | None = None
    subnet: Annotated[str, _id("subnet")] | None = None
    cidr: OwnNetwork = DEFAULT_NETWORK
    availability_zone: (
        Annotated[str, _like(r"[a-z]{2}(-[a-z]+)+-[0-9]+[a-z]", "zone", "eu-central-1a")] | None
    ) = None
    protect: bool = True
    tags: Tags = {}

    @property
    def creates(self) -> bool:
        """Whether an instance is made; else an existing one is read."""
        return self.instance is None

    def image_for(self, platform: Platform) -> str:
        """Give the SSM parameter that holds the image's id."""
        return self.image_parameter or DEFAULT_IMAGE_PARAMETERS[platform]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _made_or_read(self, self.instance, ("region", "instance", "profile", "account"))
        if self.instance is None:
            _needs(self, ("instance_type", "public_key"))
            if self.public_key is not None and self.public_key.startswith("ecdsa"):
                msg = "public_key is an ECDSA key, which EC2 refuses; give an ssh-ed25519 one"
                raise ValueError(msg)
        _network_of_others(self, ("vpc", "subnet"), ("cidr", "availability_zone"))
        return self

    def misfits(self, platform: Platform) -> Iterator[tuple[str, str, str]]:
        """Give what does not go with the host: the key, the fact, a value that would."""
        if self.instance_type is None:
            return
        found = platform_of_type(self.instance_type)
        if found != platform:
            fitting = "t4g.large" if platform == "linux/arm64" else "t3a.large"
            yield "instance_type", f"is {platform}, and its instance_type is {found}", fitting


class OciSettings(Model):
    """An instance at Oracle Cloud (OCI): to be made, or one that somebody else owns.

    ====================  ========  ==========================================================
    key                   needed    what it says; what holds without it
    ====================  ========  ==========================================================
    region                yes       like eu-frankfurt-1
    compartment           to make   its OCID
    availability_domain   to make   like Uocm:EU-FRANKFURT-1-AD-1: A1 is often out of capacity
    image                 to make   the OCID of an image of that region, for the host's platform
    public_key            to make   the first key that may log in
    instance              no        an existing instance's OCID: nothing is made, only read
    profile               no        of ~/.oci/config
    shape                 no        VM.Standard.A1.Flex; flexible ones take cpus and memory
    volume_size           no        of the boot volume; 50GiB, which is the least
    vcn, subnet           no        an existing, public subnet; a network of its own
    ipv6                  no        the existing subnet has IPv6, so rules name it too; false
    cidr                  no        of the network of its own; 10.77.0.0/24
    protect               no        Pulumi does not let it be deleted; true
    tags                  no        free-form ones, of everything that is made
    ====================  ========  ==========================================================
    """

    region: Annotated[str, _like(r"[a-z]+(-[a-z]+)+-[0-9]+", "region of OCI", "eu-frankfurt-1")]
    compartment: Annotated[str, _ocid("compartment", "tenancy")] | None = None
    availability_domain: (
        Annotated[
            str, _like(r"\S+:\S+-AD-[0-9]", "availability domain", "Uocm:EU-FRANKFURT-1-AD-1")
        ]
        | None
    ) = None
    image: Annotated[str, _ocid("image")] | None = None
    public_key: PublicKey | None = None
    instance: Annotated[str, _ocid("instance")] | None = None
    profile: str | None = None
    shape: Annotated[str, _like(r"(VM|BM)\.\S+", "shape", DEFAULT_SHAPE)] = DEFAULT_SHAPE
    volume_size: Annotated[int, _volume(50)] = 50 * GIBIBYTE
    vcn: Annotated[str, _ocid("vcn")] | None = None
    subnet: Annotated[str, _ocid("subnet")] | None = None
    ipv6: bool = False
    cidr: OwnNetwork = DEFAULT_NETWORK
    protect: bool = True
    tags: Tags = {}

    @property
    def creates(self) -> bool:
        """Whether an instance is made; else an existing one is read."""
        return self.instance is None

    @property
    def flexible(self) -> bool:
        """Whether the shape takes a number of processors and an amount of memory."""
        return self.shape.endswith(".Flex")

    def ocpus(self, cpus: float) -> float:
        """Give the OCPUs of so many processors: one on ARM, two threads elsewhere."""
        return cpus if platform_of_shape(self.shape) == "linux/arm64" else cpus / 2

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _made_or_read(self, self.instance, ("region", "instance", "profile"))
        if self.instance is None:
            _needs(self, ("compartment", "availability_domain", "image", "public_key"))
        _network_of_others(self, ("vcn", "subnet"), ("cidr",))
        if self.ipv6 and self.subnet is None:
            msg = "ipv6 is of an existing subnet, and none is given; remove it, or give subnet"
            raise ValueError(msg)
        return self

    def misfits(
        self, platform: Platform, cpus: float, memory: int
    ) -> Iterator[tuple[str, str, str]]:
        """Give what does not go with the host: the key, the fact, a value that would."""
        if not self.creates:
            return
        found = platform_of_shape(self.shape)
        if found != platform:
            fitting = DEFAULT_SHAPE if platform == "linux/arm64" else "VM.Standard.E5.Flex"
            yield "shape", f"is {platform}, and its shape is {found}", fitting
        elif self.flexible and (not self.ocpus(cpus).is_integer() or memory % GIBIBYTE):
            fact = f"has {cpus:g} cpus and {memory / GIBIBYTE:g} GiB, and a flexible shape takes "
            yield "shape", f"{fact}whole OCPUs and whole GiB", "SHAPE"


def platform_of_type(instance_type: str) -> Platform:
    """Give the platform of an EC2 instance type."""
    return "linux/arm64" if _ARM_TYPE.fullmatch(instance_type) else "linux/amd64"


def platform_of_shape(shape: str) -> Platform:
    """Give the platform of an OCI shape."""
    return "linux/arm64" if _ARM_SHAPE.fullmatch(shape) else "linux/amd64"


def _made_or_read(
    settings: Ec2Settings | OciSettings, instance: str | None, read: tuple[str, ...]
) -> None:
    extra = sorted(settings.model_fields_set - set(read))
    if instance is not None and extra:
        msg = (
            f"instance is somebody else's, so nothing makes its {' and '.join(extra)}; "
            f"remove {'them' if len(extra) > 1 else 'it'}, or instance"
        )
        raise ValueError(msg)


def _needs(settings: Ec2Settings | OciSettings, keys: tuple[str, ...]) -> None:
    missing = [key for key in keys if getattr(settings, key) is None]
    if missing:
        *most, last = missing
        named = f"{', '.join(most)} and {last}" if most else last
        msg = (
            f"a new instance needs {named}; "
            f"add {'them' if len(missing) > 1 else 'it'}, or the id of an existing one as instance"
        )
        raise ValueError(msg)


def _network_of_others(
    settings: Ec2Settings | OciSettings, theirs: tuple[str, str], ours: tuple[str, ...]
) -> None:
    given = [key for key in theirs if getattr(settings, key) is not None]
    if len(given) == 1:
        other = next(key for key in theirs if key not in given)
        msg = f"{given[0]} is given without {other}; give both, or none for a network of its own"
        raise ValueError(msg)
    extra = [key for key in ours if key in settings.model_fields_set]
    if given and extra:
        msg = f"{theirs[1]} exists already, so {extra[0]} changes nothing; remove {extra[0]}"
        raise ValueError(msg)
