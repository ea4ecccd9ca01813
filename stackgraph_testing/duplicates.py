"""Two things of one name: what a provider would refuse in the middle of a deploy."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from preview.value import UNKNOWN, Secret
from stackgraph_testing.resources import RecordedResource, Resources

# Docker keeps a name of each of these kinds once. Other providers choose names or allow two.
_NAMED_ONCE: Final = {
    f"docker:index/{token}": token.rpartition(":")[2].lower()
    for token in (
        "container:Container",
        "network:Network",
        "volume:Volume",
        "service:Service",
        "secret:Secret",
        "serviceConfig:ServiceConfig",
    )
}


class DuplicateNamesError(AssertionError):
    """Resources that would have one name at one provider."""


def refuse_duplicates(resources: Resources) -> None:
    """See that no two containers, networks or volumes of a daemon have one name.

    Two URNs that are the same never come this far: the recording refuses them, as an engine does.

    Raises:
        DuplicateNamesError: With every such name, and where the program declares it.
    """
    found: dict[tuple[str, str, str], list[RecordedResource]] = defaultdict(list)
    for each in resources:
        kind, name = _NAMED_ONCE.get(each.type), each.registration.inputs.get("name")
        if kind and isinstance(name, str) and not each.registration.read_id:
            found[kind, name, _daemon(each)].append(each)
    problems = [
        f"{kind} {name!r} is declared {len(several)} times, by "
        + " and ".join(f"{each} ({each.registration.source})" for each in several)
        + f", at {daemon}; give each a name of its own"
        for (kind, name, daemon), several in found.items()
        if len(several) > 1
    ]
    if problems:
        raise DuplicateNamesError("\n".join(problems))


def _daemon(resource: RecordedResource) -> str:
    """The address of its daemon: several providers may lead to one."""
    provider = resource.provider
    if provider is None:
        return resource.registration.provider or "the default provider"
    host = provider.registration.inputs.get("host")
    if host is None or host is UNKNOWN or isinstance(host, Secret):
        return provider.name
    return str(host)
