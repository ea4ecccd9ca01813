"""Who is down when something is: by what calls what, and by what routes lead there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graph.reach import PlaceKind
from graph.summary.model import ServiceFacts
from preview.risk.situation import View
from preview.risk.words import listed, number


@dataclass(frozen=True, slots=True)
class Affected:
    """Who is down with something, and who does without it; labels, addresses, ports."""

    services: tuple[str, ...]
    routes: tuple[str, ...]
    ports: tuple[str, ...]
    soft: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.services or self.routes or self.ports)

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody who is down."""
        return (*self.services, *self.routes, *self.ports)

    def told(self) -> str:
        """Say it: ``n8n/n8n and automation.dyniq.ai are down meanwhile``."""
        text = f"{listed(self.names)} {number(len(self.names), 'is', 'are')} down meanwhile"
        if self.soft:
            verb = number(len(self.soft), "does", "do")
            text += f"; {listed(self.soft)} {verb} without it"
        return text


@dataclass(frozen=True)
class Callers:
    """Callers in one system, as it was: of those only who is there afterwards, too."""

    view: View
    _needed_by: dict[str, list[str]] = field(default_factory=dict)
    _used_by: dict[str, list[str]] = field(default_factory=dict)
    _routes: dict[str, list[str]] = field(default_factory=dict)
    _facts: dict[str, ServiceFacts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        before, after = self.view.before, self.view.after
        stays = {facts.label for facts in after.services.values()}
        for facts in before.services.values():
            self._facts[facts.label] = facts
            if facts.label in stays:
                for called in facts.needs:
                    self._needed_by.setdefault(called, []).append(facts.label)
                for called in facts.uses:
                    self._used_by.setdefault(called, []).append(facts.label)
        for address, route in before.routes.items():
            if address in after.routes and route.to and route.ingress:
                self._routes.setdefault(route.to, []).append(address)

    def of(self, *labels: str) -> Affected:
        """Give who is down when some services are; they are not named themselves."""
        down = dict.fromkeys(labels)
        waiting = list(labels)
        while waiting:
            for caller in self._needed_by.get(waiting.pop(), ()):
                if caller not in down:
                    down[caller] = None
                    waiting.append(caller)
        services = sorted(set(down).difference(labels))
        soft = {each for label in down for each in self._used_by.get(label, ())}
        return Affected(
            services=tuple(services),
            routes=tuple(sorted(each for label in down for each in self._routes.get(label, ()))),
            ports=tuple(sorted(self._ports(down))),
            soft=tuple(sorted(soft.difference(down))),
        )

    def routes_of(self, ingress: str) -> tuple[str, ...]:
        """Give the routes of a reverse proxy that stay."""
        before, after = self.view.before.routes, self.view.after.routes
        return tuple(
            sorted(
                each for each, route in before.items() if route.ingress == ingress and each in after
            )
        )

    def _ports(self, labels: Iterable[str]) -> Iterator[str]:
        """Give published ports that others than their own host can reach."""
        reach, after = self.view.before.reach, self.view.after.reach
        for label in labels:
            for port in self._facts[label].ports if label in self._facts else ():
                places = {each.partition(",")[0] for each in reach.get(port, ())}
                if port in after and places - {PlaceKind.HOST.value}:
                    host, _, what = port.rpartition(" ")
                    yield f"{what} on {host}"
