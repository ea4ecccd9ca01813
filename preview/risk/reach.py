"""Wider reach: what more places can reach than before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from graph.reach import PlaceKind
from preview.change import Change, Operation
from preview.plan import State
from preview.risk import types
from preview.risk.model import Family, Risk
from preview.risk.places import where, wider
from preview.risk.situation import Situation, View
from preview.risk.words import listed, plain
from preview.value import Json

_risk = partial(Risk, family=Family.REACH)

ANYWHERE = ("0.0.0.0/0", "::/0")
LOOPBACK = ("127.", "::1", "localhost")


def risks(situation: Situation) -> Iterator[Risk]:
    """Give what more places reach; what is new, where more than its host and networks do.

    Where no summary tells, ports, firewall rules and records of resources are looked at.
    """
    for view in situation.views.values():
        yield from _of_system(situation, view)
    for change in situation.changes.changes:
        if change.new is not None and not situation.told(change):
            yield from _of_resource(situation, change)


def _of_system(situation: Situation, view: View) -> Iterator[Risk]:
    for subject, after in view.after.reach.items():
        before = view.before.reach.get(subject)
        more = wider(before or (), after)
        if before is None:
            more = tuple(each for each in more if where(each).wide)
        if not more:
            continue
        if before is None:
            fact = f"is new, and reached from {_spoken(more)}"
        elif before:
            fact = f"is reached from {_spoken(more)}; before, only from {_spoken(before)}"
        else:
            fact = f"is reached from {_spoken(more)}; before, from nowhere"
        yield _risk(
            subject=subject,
            fact=fact,
            urns=(*_behind(situation, view, subject), *situation.system_urns(view.system)),
            evidence=(f"before: {', '.join(before or ())}", f"after: {', '.join(after)}"),
        )


_ARTICLES = {
    PlaceKind.INTERNET.value: "the internet",
    PlaceKind.CLOUDFLARE.value: "Cloudflare's edge",
    PlaceKind.MESH.value: "the mesh",
    PlaceKind.HOST.value: "the host itself",
    PlaceKind.LAN.value: "the local network (lan)",
}


def _spoken(places: tuple[str, ...]) -> str:
    return listed(
        _ARTICLES.get(place := each.partition(",")[0], place) + each[len(place) :]
        for each in places
    )


def _behind(situation: Situation, view: View, subject: str) -> Iterator[str]:
    """Give the changes that open it: a proxy's routes, a container, a host's firewall."""
    route = view.after.routes.get(subject)
    if route is not None:
        found = situation.command(f"{route.ingress}-routes")
    else:
        owner = situation.port_owners.get(subject)
        found = situation.find(types.CONTAINER, owner) if owner else None
    if found is not None:
        yield found.urn


def _of_resource(situation: Situation, change: Change) -> Iterator[Risk]:
    for old, new, subject in _openings(situation, change):
        yield _risk(
            subject=subject,
            fact=f"is reached from {new}" + (f"; before, only from {old}" if old else ""),
            urns=(change.urn,),
            evidence=(f"before: {old}", f"after: {new}"),
        )


def _openings(situation: Situation, change: Change) -> Iterator[tuple[str, str, str]]:
    """Give what opens: from where before, from where now, and what."""
    label = situation.label(change)
    old, new = _inputs(change.old), _inputs(change.new)
    if change.type == types.CONTAINER:
        ports = _published(old)
        for port, place in _published(new).items():
            was = ports.get(port, "")
            if place != was and place == "the internet":
                yield was, place, f"port {port} of {label}"
        joined = set(_joined(new)) - set(_joined(old))
        if change.old is not None and joined:
            yield "", f"network {listed(sorted(joined))}, too", label
    elif change.type == types.RECORD:
        if old.get("proxied") is True and new.get("proxied") is False:
            yield "Cloudflare's edge", "the internet", label
    else:
        were = dict.fromkeys(_sources(old))
        more = [each for each in dict.fromkeys(_sources(new)) if each not in were]
        opened = [each for each in more if not _held(each, were)]
        if opened and not _egress(change, new):
            yield listed(were), listed(opened), label
        for path in ("publiclyAccessible", "associatePublicIpAddress", "public"):
            if new.get(path) is True and old.get(path) is not True:
                yield "", f"the internet ({path})", label


def _held(source: str, were: Mapping[str, None]) -> bool:
    return not wider([f"addresses {each}" for each in were], [f"addresses {source}"])


def _inputs(state: State | None) -> Mapping[str, Json]:
    return state.inputs if state else {}


def _published(inputs: Mapping[str, Json]) -> dict[str, str]:
    found: dict[str, str] = {}
    ports = inputs.get("ports")
    for port in ports if isinstance(ports, list) else ():
        if isinstance(port, Mapping) and (number := plain(port.get("external"))):
            address = plain(port.get("ip")) or ""
            place = "the host itself" if address.startswith(LOOPBACK) else "the internet"
            found[f"{number}/{plain(port.get('protocol')) or 'tcp'}"] = place
    return found


def _joined(inputs: Mapping[str, Json]) -> Iterator[str]:
    networks = inputs.get("networksAdvanced")
    for each in networks if isinstance(networks, list) else ():
        if isinstance(each, Mapping) and (name := plain(each.get("name"))):
            yield name


_SOURCES = frozenset(
    {"cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks", "source", "sourceIps", "sourceRanges"}
    | {"sourceAddresses", "sourceAddressPrefix", "sourceAddressPrefixes"}
)


def _sources(inputs: Mapping[str, Json]) -> Iterator[str]:
    """Give networks that a security group, or a rule of one, lets in."""
    for key, value in inputs.items():
        if key in _SOURCES:
            for each in value if isinstance(value, list) else [value]:
                if (text := plain(each)) and ("/" in text or text == "*"):
                    yield ANYWHERE[0] if text == "*" else text
        elif key in ("ingress", "ingressSecurityRules", "rules", "inboundRules"):
            for each in value if isinstance(value, list) else ():
                if isinstance(each, Mapping):
                    yield from _sources(each)


def _egress(change: Change, inputs: Mapping[str, Json]) -> bool:
    words = (change.type, str(inputs.get("type", "")), str(inputs.get("direction", "")))
    return any("egress" in each.lower() or "outbound" in each.lower() for each in words)


def undecided(situation: Situation) -> Iterator[str]:
    """Say of what only the deployment tells from where it is reached."""
    for change in situation.changes.changes:
        if change.operation is Operation.READ or situation.told(change):
            continue
        for each in change.differences:
            top = each.path.partition(".")[0].partition("[")[0]
            if each.unknown and top in _DECISIVE:
                yield (
                    f"{situation.label(change)}: only the deployment tells its {each.path}, which "
                    "decides who reaches it"
                )


_DECISIVE = _SOURCES | {"ports", "proxied", "ingress", "ingressSecurityRules", "inboundRules"}
