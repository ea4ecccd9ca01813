"""Policies on what Docker's provider does: facts of PROVIDERS.md, sections 1 and 2.

Our components keep to them by construction, so no rule of the graph says them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from config.finding import Severity
from policy.policies import Options, Policy, Violation
from policy.resources import (
    CONTAINER,
    VOLUME,
    Resource,
    flag,
    is_unknown,
    items,
    text,
    texts,
    whole,
)

PROVIDER: Final = "pulumi:providers:docker"
REMOTE: Final = frozenset(
    {"command:remote:Command", "command:remote:CopyFile", "command:remote:CopyToRemote"}
)
_UNCHECKED = re.compile(r"StrictHostKeyChecking[=\s]+(?:no|off)\b", re.IGNORECASE)


def _killed_at_once(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        grace = each.inputs.get("destroyGraceSeconds")
        if not is_unknown(grace) and (grace is None or whole(grace) == 0):
            yield Violation(
                each.urn,
                f"{each.name} has no destroyGraceSeconds: it is killed at once whenever it is "
                "replaced, whatever it is writing",
                "set destroyGraceSeconds, 30 or more for a database",
            )


def _swap_comes_back(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        swap = each.inputs.get("memorySwap")
        if whole(each.inputs.get("memory")) and swap is None:
            yield Violation(
                each.urn,
                f"{each.name} has memory without memorySwap: the daemon answers twice the memory, "
                "and each preview shows a difference",
                "set memorySwap to twice the memory",
            )


def _nothing_can_be_uploaded(
    resources: Sequence[Resource], _options: Options
) -> Iterator[Violation]:
    for each in resources:
        if flag(each.inputs.get("readOnly")) and items(each.inputs.get("uploads")):
            yield Violation(
                each.urn,
                f"{each.name} is read-only and has uploads, which Docker refuses: its root "
                "takes no file",
                "mount the files, or remove readOnly",
            )


def _labels_destroy_data(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        kept = each.protect or "labels" in each.ignore_changes
        if items(each.inputs.get("labels")) and not kept:
            yield Violation(
                each.urn,
                f"volume {each.name} has labels, and a changed label replaces it, with all "
                "that is in it",
                'set ignore_changes=["labels"], or protect',
            )


def _any_host_key(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        options = each.inputs.get("sshOpts")
        # The inputs of a provider are texts: a list is one in JSON.
        said = text(options) or " ".join(texts(options))
        if _UNCHECKED.search(re.sub(r'[",\[\]]+', " ", said)):
            yield Violation(
                each.urn,
                f"{each.name} takes whatever host key it is shown: whoever stands between gets "
                "all that is deployed, secrets too",
                "pin the key: ssh_opts with UserKnownHostsFile, and StrictHostKeyChecking=yes",
            )


def _no_host_key(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        connection = each.inputs.get("connection")
        if not isinstance(connection, dict) or connection.get("hostKey") is not None:
            continue
        yield Violation(
            each.urn,
            f"the connection of {each.name} has no hostKey, so its server's key is not checked",
            "set hostKey to the server's public key",
        )


def _policy(
    id_: str, title: str, severity: Severity, types: frozenset[str], inputs: str, judge: object
) -> Policy:
    section = 2 if types == REMOTE else 1
    return Policy(
        id=id_,
        title=title,
        severity=severity,
        scope="resource",
        types=types,
        inputs=inputs,
        judge=judge,  # type: ignore[arg-type]
        because=f"PROVIDERS.md, section {section}",
    )


_CONTAINER = frozenset({CONTAINER})
DOCKER_FACTS: Final[tuple[Policy, ...]] = (
    _policy(
        "X01",
        "A container has time to stop before it is killed",
        Severity.WARNING,
        _CONTAINER,
        "destroyGraceSeconds",
        _killed_at_once,
    ),
    _policy(
        "X02",
        "A memory limit has its swap beside it",
        Severity.WARNING,
        _CONTAINER,
        "memorySwap",
        _swap_comes_back,
    ),
    _policy(
        "X03",
        "Nothing is uploaded into a read-only container",
        Severity.ERROR,
        _CONTAINER,
        "uploads, readOnly",
        _nothing_can_be_uploaded,
    ),
    _policy(
        "X04",
        "A volume is not replaced for a label",
        Severity.WARNING,
        frozenset({VOLUME}),
        "labels",
        _labels_destroy_data,
    ),
    _policy(
        "X05",
        "Docker is spoken to over SSH with a pinned host key",
        Severity.ERROR,
        frozenset({PROVIDER}),
        "sshOpts",
        _any_host_key,
    ),
    _policy(
        "X06",
        "A remote command knows the key of its host",
        Severity.ERROR,
        REMOTE,
        "connection.hostKey",
        _no_host_key,
    ),
)
