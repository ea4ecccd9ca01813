"""What of a system is reached from outside: routes, published ports, and places they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from preview.page import facts
from preview.page.canvas import Canvas
from preview.page.drawing import Fact, Kind, Lane, Line
from preview.page.owners import Owners
from preview.page.sides import Pair, Sides, pairs
from preview.plan import Plan, State
from preview.risk.types import CONTAINER

_ASKED: Final = ", with a password"
_PORT: Final = re.compile(r"(?P<first>[0-9]+)(?:-[0-9]+)?/(?P<protocol>\w+)")
_HTTP: Final = frozenset({"80/tcp", "443/tcp", "443/udp"})
_INSIDE: Final = ("host", "network ")
"""Places that are no node: they are inside what is drawn."""


def add_routes(canvas: Canvas, sides: Sides) -> None:
    """Add routes, who answers them, and who reaches them."""
    ingresses = {
        name.removeprefix(f"{Kind.INGRESS}:"): draft.lane
        for name, draft in canvas.nodes.items()
        if draft.kind is Kind.INGRESS
    }
    for address, route in pairs(sides.before.routes, sides.after.routes):
        home = Lane(host=ingresses.get(route.now.ingress, Lane()).host)
        for to, _, _ in route.each(lambda r: [r.to]):
            if to.startswith("site "):
                canvas.add(Kind.SITE, to, to.removeprefix("site "), home).note = "static files"
                canvas.labels[to] = f"{Kind.SITE}:{to}"
        target = canvas.labels.get(route.now.to, "")
        lane = canvas.nodes[target].lane if target else home
        draft = canvas.add(Kind.ROUTE, address, address, lane)
        draft.was, draft.will = route.before is not None, route.after is not None
        draft.facts = facts.of_route(address, route, sides)
        key = f"{Kind.ROUTE}:{address}"
        canvas.labels[address] = key
        for to, was, will in route.each(lambda r: [r.to]):
            canvas.connect(key, canvas.labels.get(to, ""), Line.ROUTES, was=was, will=will)
        reach = Pair(sides.before.reach.get(address), sides.after.reach.get(address))
        draft.note = _note(reach) or ("" if route.now.to else "redirect")
        _add_places(canvas, key, reach)


def add_zones(canvas: Canvas, sides: Sides) -> None:
    """Add the zones that are written."""
    mark = "zone "
    for subject in sorted({*sides.before.guards, *sides.after.guards}):
        if not subject.startswith(mark):
            continue
        zone = subject.removeprefix(mark)
        name = f"{canvas.system}-{zone.replace('.', '-')}"
        draft = canvas.add(Kind.ZONE, name, zone, Lane())
        draft.note = "zone"
        draft.facts = facts.told(*facts.protection(sides, subject))
        canvas.labels[subject] = f"{Kind.ZONE}:{name}"


def add_ports(canvas: Canvas, sides: Sides, plan: Plan, owners: Owners) -> None:
    """Add published ports: one node for all of one owner that the same places reach."""
    published = _published(plan, owners)
    hosts = {d.label: (key, d.lane) for key, d in canvas.nodes.items() if d.kind is Kind.HOST}
    groups: dict[tuple[str, str, Pair[tuple[str, ...]]], list[str]] = {}
    for subject, reach in sides.reached():
        host, _, what = subject.rpartition(" ")
        if host not in hosts or not (found := _PORT.fullmatch(what)):
            continue
        port = f"{found['first']}/{found['protocol']}"
        owner = next(
            # On dev all hosts' services are on one machine, which is none of them.
            (
                key
                for key in published.get(port, ())
                if (at := canvas.nodes[key].lane.host) == host or f"host {at}" not in canvas.labels
            ),
            "",
        )
        if not owner and what in _HTTP:
            owner = canvas.labels.get(f"ingress {host}", "")
        groups.setdefault((host, owner, reach), []).append(what)
    for (host, owner, reach), ports in groups.items():
        lane = canvas.nodes[owner].lane if owner else hosts[host][1]
        name = f"{host} {ports[0]}"
        draft = canvas.add(Kind.PORT, name, ", ".join(ports), lane)
        draft.note = _note(reach)
        draft.was, draft.will = reach.before is not None, reach.after is not None
        draft.facts = facts.told(
            Fact(term="Ports", before=tuple(ports), after=tuple(ports)),
            reach.fact("Reached from", lambda places: places),
        )
        key = f"{Kind.PORT}:{name}"
        canvas.labels |= {f"{host} {port}": key for port in ports}
        canvas.connect(key, owner, Line.ROUTES, was=draft.was, will=draft.will)
        _add_places(canvas, key, reach)


def _add_places(canvas: Canvas, key: str, reach: Pair[tuple[str, ...]]) -> None:
    for place, was, will in reach.each(lambda told: [t.removesuffix(_ASKED) for t in told]):
        if place.startswith(_INSIDE):
            continue
        canvas.add(Kind.PLACE, place, place, Lane())
        canvas.connect(f"{Kind.PLACE}:{place}", key, Line.REACHES, was=was, will=will)


def _note(reach: Pair[tuple[str, ...]]) -> str:
    told = (reach.after if reach.after is not None else reach.before) or ()
    places = list(dict.fromkeys(each.removesuffix(_ASKED) for each in told))
    asked = ", password" if told and all(each.endswith(_ASKED) for each in told) else ""
    if places == ["host"]:
        return f"from its own host only{asked}"
    return f"from {', '.join(places)}{asked}" if places else ""


def _published(plan: Plan, owners: Owners) -> Mapping[str, list[str]]:
    """Give the nodes that publish a port, by port and protocol: ``5060/udp``."""
    found: dict[str, list[str]] = {}
    for step in plan.steps:
        for state in (step.new, step.old):
            if state is None or state.type != CONTAINER:
                continue
            node = owners.of(step.urn)
            for port in _external(state):
                if node is not None and node not in found.setdefault(port, []):
                    found[port].append(node)
    return found


def _external(state: State) -> Iterator[str]:
    ports = state.inputs.get("ports")
    for each in ports if isinstance(ports, list) else ():
        if isinstance(each, Mapping):
            yield f"{each.get('external')}/{each.get('protocol') or 'tcp'}"
