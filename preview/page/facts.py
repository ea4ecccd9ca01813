"""What the details of a node tell of it, before and after."""

from __future__ import annotations

from dataclasses import replace

from graph.summary import RouteFacts, ServiceFacts
from graph.summary.model import HostFacts
from preview.page.drawing import Fact
from preview.page.sides import Pair, Sides


def of_service(service: Pair[ServiceFacts], sides: Sides, system: str) -> tuple[Fact, ...]:
    """Tell of a service, or of a program that the host runs itself."""
    label = service.now.label
    app = f"{system}-{label.partition('/')[0]}-"
    return told(
        service.fact("Image", lambda s: [s.image or ""]),
        service.fact("Host", lambda s: [s.host]),
        service.fact("When it changes", lambda s: [f"{s.order}: {s.because}" if s.order else ""]),
        service.fact(
            "Volumes",
            lambda s: [
                f"{v.volume.removeprefix(app)} at {v.path}"
                + ("" if v.writes else ", read-only")
                + (f"; may be lost: {v.disposable}" if v.disposable else "")
                for v in s.volumes
            ],
        ),
        service.fact("Databases", lambda s: s.databases),
        service.fact("Secrets given", lambda s: s.secrets),
        *_ports(label, sides),
        *protection(sides, label, *(f"database {each}" for each in service.now.databases)),
    )


def _ports(label: str, sides: Sides) -> list[Fact]:
    mark = f"{label} :"
    return [
        reach.fact(f"Port {subject.removeprefix(mark)} reached from", lambda places: places)
        for subject, reach in sides.reached()
        if subject.startswith(mark)
    ]


def of_route(address: str, route: Pair[RouteFacts], sides: Sides) -> tuple[Fact, ...]:
    """Tell of a route."""
    reach = Pair(sides.before.reach.get(address), sides.after.reach.get(address))
    return told(
        route.fact("Answered by", lambda r: [r.to or "the ingress itself"]),
        route.fact("Ingress", lambda r: [r.ingress]),
        reach.fact("Reached from", lambda places: places),
        *protection(sides, address),
    )


def of_host(host: Pair[HostFacts], sides: Sides) -> tuple[Fact, ...]:
    """Tell of a host."""
    label = host.now.label
    return told(
        host.fact("Kind", lambda h: [h.kind]),
        host.fact("Platform", lambda h: [h.platform]),
        host.fact("Address", lambda h: [h.address or "given by the cloud"]),
        Pair(sides.before, sides.after).fact(
            "Names", lambda side: [name for name, host in side.names.items() if host == label]
        ),
        *protection(sides, f"host {label}", label),
    )


def protection(sides: Sides, *subjects: str) -> list[Fact]:
    """Tell what protects a thing, and what it may do beyond the ordinary."""
    facts = [
        replace(fact, term=f"{fact.term} of {subject}" if index else fact.term)
        for index, subject in enumerate(subjects)
        for fact in (sides.guards(subject), sides.grants(subject))
    ]
    return sorted(facts, key=lambda fact: fact.term.startswith("Grants"))


def told(*facts: Fact) -> tuple[Fact, ...]:
    """Leave out what neither side tells."""
    return tuple(fact for fact in facts if fact.before or fact.after)
