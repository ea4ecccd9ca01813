"""A script that runs as root on a host, over SSH, when its text changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import pulumi
import pulumi_command as command


def step(
    name: str,
    what: str,
    script: pulumi.Input[str],
    shell: pulumi.Input[str],
    *,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource] = (),
    because: Sequence[pulumi.Input[str]] = (),
    delete: str | None = None,
    machine: pulumi.Resource | None = None,
) -> command.local.Command:
    """Declare a script that ``shell``, a local command line, brings to a host and runs there.

    ``because`` is what makes it run again besides its own text, and ``delete`` the script that
    runs when it is no longer declared. Both at once cannot be: what runs again for a new reason is
    replaced, and would take away what it has just put there. What is secret in ``script`` or
    ``because`` stays so; scripts are in no argument list and no message.
    """
    if because and delete is not None:
        msg = f"{name}: what is replaced for a reason cannot have a delete"
        raise ValueError(msg)
    environment: dict[str, pulumi.Input[str]] = {"STACKGRAPH_SSH": shell}
    if delete is not None:
        environment["STACKGRAPH_DELETE"] = delete
    return command.local.Command(
        name,
        # A command that failed is shown whole, and its environment is not.
        create=f'eval "$STACKGRAPH_SSH" # {what}',
        delete=f'printf %s "$STACKGRAPH_DELETE" | eval "$STACKGRAPH_SSH" # remove: {what}'
        if delete is not None
        else None,
        stdin=script,
        environment=environment,
        interpreter=["/bin/sh", "-c"],
        triggers=[digest(*because)] if because else None,
        add_previous_output_in_env=False,
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(after) or None,
            deleted_with=machine,
            replace_with=[machine] if machine else None,
        ),
    )


def digest(*texts: pulumi.Input[str]) -> pulumi.Output[str]:
    """Give a short digest of texts; it is secret where one of them is."""
    return pulumi.Output.all(*texts).apply(
        lambda known: hashlib.sha256("\0".join(map(str, known)).encode()).hexdigest()[:16]
    )


def made_of(
    texts: Mapping[str, pulumi.Output[str]], make: Callable[[Mapping[str, str]], str]
) -> pulumi.Input[str]:
    """Give a script that is made of texts; it is secret where one of them is."""
    if not texts:
        return make({})
    return pulumi.Output.all(**texts).apply(
        lambda known: make({name: str(text) for name, text in known.items()})
    )
