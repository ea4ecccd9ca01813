"""What replaces a service's container: more than its provider would say."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_docker as docker

_LEFT_TO_OTHERS: Final = (
    *("command", "entrypoints", "healthcheck", "hostname", "init", "ipc_mode", "log_driver"),
    *("log_opts", "runtime", "security_opts", "shm_size", "stop_signal", "stop_timeout"),
)
"""What the image, the daemon or the provider (5.1) gives a container that has none of it: there,
taking one away is no difference to the provider: so a container is replaced for that, too."""

_REPLACING: Final = (
    *("capabilities", "healthcheck", "hosts", "init", "log_opts", "mounts", "networks_advanced"),
    *("ports", "tmpfs", "ulimits", "uploads", "volumes"),
)
"""What the provider (5.1) calls an update, as a whole or in a part (a mount's volume, a network's
aliases), and then does not change in a container that is there."""


def handover_options(
    parent: pulumi.Resource,
    provider: pulumi.ProviderResource,
    args: docker.ContainerArgs,
    depends_on: list[pulumi.Resource],
    files: pulumi.Input[str] = "",
) -> pulumi.ResourceOptions:
    """Give the options of a container that a handover replaces: the newcomer comes first.

    ``files`` changes with what is copied into it. All that cannot change in a container that is
    there replaces it, also where the provider would not.
    """
    given = " ".join(name for name in _LEFT_TO_OTHERS if getattr(args, name) is not None)
    return pulumi.ResourceOptions(
        parent=parent,
        provider=provider,
        depends_on=depends_on,
        delete_before_replace=False,
        replace_on_changes=list(_REPLACING),
        replacement_trigger=pulumi.Output.concat(given, " ", files) if files else given,
    )
