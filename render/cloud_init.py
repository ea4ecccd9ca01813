"""User data for cloud-init: a new machine's first boot does what the bootstrap does over SSH."""

from __future__ import annotations

import base64
import bz2
import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from graph.model import Host, StackGraph
from render.bootstrap import bootstrap_script
from render.bootstrap.files import STATE, login_of

SCRIPT: Final = f"{STATE}/bootstrap.sh"
LIMIT_BYTES: Final = 16 * 1024
"""What EC2 takes; OCI takes 32,000 with all other metadata."""

# bzip2 has one implementation, so the text is the same wherever it is made; zlib has several.
# Where cloud-init runs, so does Python.
_UNPACK: Final = (
    f"import bz2; packed = open('{SCRIPT}.bz2', 'rb').read(); "
    f"open('{SCRIPT}', 'wb').write(bz2.decompress(packed))"
)

# Oracle's images come with rules that refuse all but SSH, beside which no opening would open
# (docs/adr/0010). At the first boot nobody else has any yet.
_NO_RULES_OF_THE_IMAGE: Final = (
    "if [ -e /etc/iptables/rules.v4 ]; then "
    "for each in iptables ip6tables; do $each -P INPUT ACCEPT; $each -P FORWARD ACCEPT; $each -F; "
    "done; netfilter-persistent save; fi"
)


def user_data(graph: StackGraph, host: Host, host_keys: Mapping[str, str] | None = None) -> str:
    """Give ``#cloud-config`` for a new machine: its login, its host keys, the bootstrap.

    ``host_keys`` are cloud-init's (``ed25519_private``, ``ed25519_public``): with them a machine
    is known before it exists, and the text is a secret, which all programs of the machine can ask
    its metadata service for. No password is ever set. ``ValueError`` when it is larger than EC2
    takes.
    """
    access = login_of(host)
    keys = [key.strip() for key in access.authorized_keys]
    login: dict[str, Any] = {"name": access.user}
    if access.user != "root":
        login |= {"shell": "/bin/bash", "lock_passwd": True, "sudo": "ALL=(ALL) NOPASSWD:ALL"}
    if keys:
        login["ssh_authorized_keys"] = keys
    script = bz2.compress(bootstrap_script(graph, host).encode(), 9)
    config: dict[str, Any] = {
        # without keys of ours, the cloud's are the image's own user's, who must then be the login
        "users": [login] if keys else ["default"],
        "disable_root": access.user != "root",
        "ssh_pwauth": False,
        **({"ssh_deletekeys": True, "ssh_keys": _checked(host_keys)} if host_keys else {}),
        "write_files": [
            {
                "path": f"{SCRIPT}.bz2",
                "permissions": "0600",
                "encoding": "b64",
                "content": base64.b64encode(script).decode(),
            }
        ],
        "runcmd": [
            *([["sh", "-c", _NO_RULES_OF_THE_IMAGE]] if host.kind == "oci" else []),
            ["python3", "-c", _UNPACK],
            ["env", "STACKGRAPH_CLOUD_INIT=1", "sh", SCRIPT],
        ],
    }
    text = "#cloud-config\n" + yaml.dump(config, Dumper=_Dumper, sort_keys=False, width=LIMIT_BYTES)
    if len(text) > LIMIT_BYTES:
        msg = f"{host.id}: user data of {len(text)} bytes; EC2 takes {LIMIT_BYTES}; fewer keys help"
        raise ValueError(msg)
    return text


def _checked(host_keys: Mapping[str, str]) -> dict[str, str]:
    for name in host_keys:
        if not re.fullmatch(r"(rsa|ecdsa|ed25519)_(private|public)", name):
            msg = f"{name!r} is no host key of cloud-init; give ed25519_private and ed25519_public"
            raise ValueError(msg)
    return dict(sorted(host_keys.items()))


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stand as they are."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
