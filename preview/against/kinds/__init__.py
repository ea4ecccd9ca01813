"""The resource types that are known, each package's with where its facts come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from preview.against.kind import Kind
from preview.against.kinds.aws import AWS
from preview.against.kinds.cloudflare import CLOUDFLARE
from preview.against.kinds.command import COMMAND
from preview.against.kinds.docker import DOCKER
from preview.against.kinds.oci import OCI
from preview.against.kinds.tls import TLS
from preview.urn import PROVIDER_PREFIX

PROVIDERS: Final[Mapping[str, Kind]] = {
    # A change of their configuration is an update: none of these packages says otherwise
    # (ForcesProviderReplace of the Terraform bridge; command has no configuration).
    PROVIDER_PREFIX + package: Kind()
    for package in ("aws", "cloudflare", "command", "docker", "oci", "tls")
}

KINDS: Final[Mapping[str, Kind]] = {
    **AWS,
    **CLOUDFLARE,
    **COMMAND,
    **DOCKER,
    **OCI,
    **TLS,
    **PROVIDERS,
}
"""By resource type, as registered."""
