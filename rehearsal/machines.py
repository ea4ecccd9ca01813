"""What the clouds' stand-ins do with machines: reserve addresses, boot, lead to another, remove."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any, Final

from config.cloud import platform_of_shape, platform_of_type
from preview.value import Secret
from rehearsal.yard import Yard

LOOPBACK: Final = "127.0.0.1"
ELSEWHERE: Final = "203.0.113.40"
"""Where an instance is that nobody made here (RFC 5737)."""

_SEED: Final = "/var/lib/cloud/seed/nocloud"
# The container's network is Docker's, and its apt knows the way to a mirror.
_CLOUD_CONFIG: Final = """datasource_list: [NoCloud]
network: {{config: disabled}}
apt_preserve_sources_list: true
system_info: {{default_user: {{name: {user}, shell: /bin/bash}}}}
"""


class Refused(Exception):  # noqa: N818 — what a cloud answers, not a mistake of ours
    """A cloud refuses what is there already."""


class Machines:
    """The instances of one cloud, in a yard; where there is none, nothing boots."""

    def __init__(self, yard: Yard | None) -> None:
        self._yard = yard

    def reserve(self, id_: str) -> str:
        """Reserve an address for good, under an id."""
        if self._yard is None:
            return LOOPBACK
        address = self._yard.lease()
        with self._yard.notes() as notes:
            notes[id_] = address
        return address

    def associate(self, allocation: str, interface: str) -> None:
        """Let a network interface have the address that was reserved under an id."""
        if self._yard is not None:
            with self._yard.notes() as notes:
                notes[interface] = notes[allocation]

    def take(self, id_: str, what: str) -> None:
        """Take something that only one can have, like a range of a network, until it is freed."""
        if self._yard is None:
            return
        with self._yard.notes() as notes:
            taken = notes.setdefault("taken", {})
            if what in taken.values():
                msg = f"InvalidSubnet.Conflict: {what} conflicts with another subnet"
                raise Refused(msg)
            taken[id_] = what

    def free(self, id_: str) -> None:
        """Give back what was taken, if anything."""
        if self._yard is not None:
            with self._yard.notes() as notes:
                notes.get("taken", {}).pop(id_, None)

    def existing(self, instance: object) -> str:
        """Give the address of an instance that the program did not make."""
        if self._yard is None:
            return ELSEWHERE
        with self._yard.notes() as notes:
            return str(notes.get(str(instance), ELSEWHERE))

    def boot_at_ec2(self, id_: str, inputs: Mapping[str, Any]) -> None:
        """Boot an instance whose address its network interface has already."""
        if self._yard is None:
            return
        with self._yard.notes() as notes:
            address = notes[str(inputs["primaryNetworkInterface"]["networkInterfaceId"])]
        platform = platform_of_type(str(inputs["instanceType"]))
        files = _seeds(id_, plain(inputs["userDataBase64"]), user="admin")
        host = str(inputs["tags"]["Name"])
        self._yard.boot(
            id_, address=address, kind="cloud", host=host, platform=platform, files=files
        )

    def boot_at_oci(self, id_: str, inputs: Mapping[str, Any]) -> None:
        """Boot an instance, which gets an address only afterwards."""
        if self._yard is None:
            return
        metadata = plain(inputs["metadata"])
        key = plain(metadata["ssh_authorized_keys"])
        platform = platform_of_shape(str(inputs["shape"]))
        files = _seeds(id_, plain(metadata["user_data"]), user="opc", keys=[key])
        host = str(inputs["displayName"])
        self._yard.boot(id_, address=None, kind="cloud", host=host, platform=platform, files=files)

    def lead(self, address: str, private: object) -> None:
        """Let an address lead to the machine that a private one belongs to; to none without."""
        instance = str(private or "").rpartition("ip of vnic of ")[2]
        if self._yard is not None and instance:
            self._yard.connect(instance, address)

    def remove(self, id_: str) -> None:
        """Remove an instance and all that is on it."""
        if self._yard is not None:
            self._yard.remove(id_)


def plain(value: Any) -> Any:
    """Give a value that may be a secret."""
    return value.value if isinstance(value, Secret) else value


def _seeds(
    id_: str, user_data: str, *, user: str, keys: list[str] | None = None
) -> dict[str, tuple[str, int]]:
    """Give the files by which a cloud tells cloud-init what the machine is to be."""
    text = gzip.decompress(base64.b64decode(user_data)).decode()
    meta = json.dumps({"instance-id": id_, "local-hostname": id_, "public-keys": keys or []})
    return {
        f"{_SEED}/user-data": (text, 0o600),
        f"{_SEED}/meta-data": (meta, 0o600),
        "/etc/cloud/cloud.cfg.d/99-cloud.cfg": (_CLOUD_CONFIG.format(user=user), 0o644),
    }
