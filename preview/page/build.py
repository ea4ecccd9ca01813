"""The drawing of a system, from its summaries before and after and the resources that change."""

from __future__ import annotations

from collections.abc import Iterator

from graph.summary import ServiceFacts, Summary
from preview import urn as urns
from preview.change import Changes, Meaning, Operation
from preview.page import facts
from preview.page.canvas import Canvas
from preview.page.drawing import Drawing, Kind, Lane, Line
from preview.page.exposure import add_ports, add_routes, add_zones
from preview.page.owners import INGRESSES, Owners
from preview.page.sides import Pair, Sides, pairs
from preview.plan import Plan
from preview.risk.types import NETWORK, VOLUME


def drawings_of(plan: Plan, changes: Changes, *, compared: bool) -> tuple[Drawing, ...]:
    """Draw each system that tells what it means; one that doesn't is left out.

    ``compared``: there was something before. If not, the plan is the whole system, and nothing in
    it is a change.
    """
    return tuple(
        _draw(plan, changes, name, _sides(meaning, compared=compared), compared=compared)
        for name, meaning in sorted(changes.systems.items())
        if meaning.before or meaning.after
    )


def _sides(meaning: Meaning, *, compared: bool) -> Sides:
    before, after = meaning.before, meaning.after
    if not compared:
        before = after
    if meaning.silent:
        # One side is there but cannot be read: what the other tells is not new for that.
        before, after = before or after, after or before
    return Sides(before or Summary(), after or Summary())


def _draw(plan: Plan, changes: Changes, system: str, sides: Sides, *, compared: bool) -> Drawing:
    canvas = Canvas(system)
    canvas.add(Kind.SYSTEM, system, system, Lane()).note = f"on stack {changes.stack}"
    _add_hosts(canvas, sides)
    _add_services(canvas, sides)
    add_routes(canvas, sides)
    add_zones(canvas, sides)
    _add_docker(canvas, plan)
    owners = Owners(system, canvas.named)
    add_ports(canvas, sides, plan, owners)
    owner: dict[str, str] = {}
    for urn in dict.fromkeys((*changes.by_urn, *changes.same)):
        node = owners.of(urn)
        if node is None:
            continue
        owner[urn] = node
        change = changes.by_urn.get(urn)
        if change is None or change.operation in (Operation.READ, Operation.SAME):
            canvas.nodes[node].unchanged += 1
        else:
            canvas.nodes[node].changes.append(change)
    return canvas.finish(changes, owner, compared=compared)


def _add_hosts(canvas: Canvas, sides: Sides) -> None:
    for name, host in pairs(sides.before.hosts, sides.after.hosts):
        label = host.now.label
        draft = canvas.add(Kind.HOST, name, label, Lane(host=label))
        draft.note = f"{host.now.kind}, {host.now.platform}"
        draft.was, draft.will = host.before is not None, host.after is not None
        draft.facts = facts.of_host(host, sides)
        canvas.labels[f"host {label}"] = canvas.labels[label] = f"{Kind.HOST}:{name}"
        for ingress, was, will in host.each(lambda h: [h.ingress]):
            at = canvas.add(Kind.INGRESS, ingress, f"{label} ingress", draft.lane)
            at.note, at.was, at.will = "answers for the routes", was, will
            at.facts = facts.told(*facts.protection(sides, f"ingress {label}"))
            canvas.labels[f"ingress {label}"] = f"{Kind.INGRESS}:{ingress}"


def _add_services(canvas: Canvas, sides: Sides) -> None:
    found = list(pairs(sides.before.services, sides.after.services))
    for name, service in found:
        now, (app, _, short) = service.now, service.now.label.rpartition("/")
        lane = Lane(host=now.host, app=app)
        kind = Kind.SERVICE if app else Kind.PROGRAM
        if now.host and now.host not in canvas.labels:
            # On dev, everything is on one machine, which is none of the system's.
            canvas.add(Kind.HOST, now.host, now.host, Lane(host=now.host))
            canvas.labels[now.host] = f"{Kind.HOST}:{now.host}"
        if app:
            canvas.add(Kind.APP, f"{canvas.system}-{app}", app, lane)
        draft = canvas.add(kind, name, short, lane)
        draft.note = (now.image or "").rpartition("/")[2] or "run by the host"
        draft.was, draft.will = service.before is not None, service.after is not None
        draft.facts = facts.of_service(service, sides, canvas.system)
        key = f"{kind}:{name}"
        canvas.labels[now.label] = key
        canvas.labels |= {f"database {each}": key for each in now.databases}
        _add_stores(canvas, key, service, lane)
    for _, service in found:
        start = canvas.labels[service.now.label]
        for label, was, will in service.each(lambda s: s.needs):
            canvas.connect(start, canvas.labels.get(label, ""), Line.NEEDS, was=was, will=will)
        for label, was, will in service.each(lambda s: s.uses):
            canvas.connect(start, canvas.labels.get(label, ""), Line.USES, was=was, will=will)


def _add_stores(canvas: Canvas, key: str, service: Pair[ServiceFacts], lane: Lane) -> None:
    for volume, was, will in service.each(lambda s: [each.volume for each in s.volumes]):
        _single(canvas, Kind.VOLUME, volume, lane)
        canvas.connect(key, f"{Kind.VOLUME}:{volume}", Line.STORES, was=was, will=will)
    for network, was, will in service.each(lambda s: s.networks):
        _single(canvas, Kind.NETWORK, network, lane)
        canvas.connect(key, f"{Kind.NETWORK}:{network}", Line.JOINS, was=was, will=will)


def _single(canvas: Canvas, kind: Kind, name: str, lane: Lane) -> None:
    app = f"{canvas.system}-{lane.app}-" if lane.app else f"{canvas.system}-"
    label = name.removeprefix(app)
    canvas.add(kind, name, label, lane).note = kind
    canvas.labels[f"{kind} {lane.app}/{label}" if lane.app else f"{kind} {label}"] = (
        f"{kind}:{name}"
    )


def _add_docker(canvas: Canvas, plan: Plan) -> None:
    """Add volumes and networks that no service has: those of an ingress, and what is left over."""
    kinds = {VOLUME: Kind.VOLUME, NETWORK: Kind.NETWORK}
    for urn in dict.fromkeys(step.urn for step in plan.steps):
        parts = urns.split(urn)
        kind = kinds.get(parts.type)
        if kind is None or (kind, parts.name) in canvas.named:
            continue
        of_ingress = any(each in parts.qualified_type for each in INGRESSES)
        for above in _above(canvas, Kind.INGRESS if of_ingress else Kind.APP, parts.name):
            _single(canvas, kind, parts.name, canvas.nodes[above].lane)
            if of_ingress and kind is Kind.VOLUME:
                canvas.connect(above, f"{kind}:{parts.name}", Line.STORES, was=True, will=True)


def _above(canvas: Canvas, kind: Kind, name: str) -> Iterator[str]:
    names = [n for k, n in canvas.named if k is kind and (n == name or name.startswith(f"{n}-"))]
    if names:
        yield canvas.named[kind, max(names, key=len)]
