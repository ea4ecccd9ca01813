"""Whether images are published for their hosts, by what their registries answered.

The catalogue knows it of some images (rule D11); registries know it of all. Who asks them, and
how, is not known here: the answers come in as data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from config.finding import Finding, Severity, Source
from config.host import Platform
from graph.model import StackGraph
from graph.rules.images import not_published
from graph.rules.scope import at, pulled

RULE: Final = "D11"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An image is there, for these platforms: ``os/architecture`` or ``os/architecture/variant``.

    They are sorted, and there is at least one.
    """

    platforms: tuple[str, ...]

    def runs_on(self, platform: Platform) -> bool:
        """Whether one of its platforms is this one, whatever the variant: arm64/v8 is arm64."""
        return any(each == platform or each.startswith(f"{platform}/") for each in self.platforms)


@dataclass(frozen=True, slots=True)
class Missing:
    """The registry says that it has no such image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked:
    """Nobody knows: the registry did not tell, and why, in a line."""

    reason: str


Answer: TypeAlias = Published | Missing | Unasked

Ask: TypeAlias = Callable[[StackGraph], Mapping[str, Answer] | None]
"""Gives the answer for each reference in `wanted`; for fewer, or None, where not all were asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An image that a host of ours pulls: its reference, for which platform, and who says so."""

    reference: str
    platform: Platform
    host: str
    source: Source


def wanted(graph: StackGraph) -> Iterator[Wanted]:
    """Give the images that our hosts pull: none that is built, a stand-in, or others' to run."""
    images = [(s.image.reference, s.host, at(s.source, "image")) for s in pulled(graph)]
    images += [(i.image, i.host, at(i.source, "image")) for i in graph.ingresses.values()]
    tunnels = (i.tunnel for i in graph.ingresses.values() if i.tunnel)
    images += [(t.image, t.host, at(t.source, "image")) for t in tunnels]
    for reference, host_id, source in images:
        host = graph.hosts[host_id]
        if reference and host.managed_by is None:
            yield Wanted(reference=reference, platform=host.platform, host=host.key, source=source)


def with_answers(
    found: Iterable[Finding], graph: StackGraph, answers: Mapping[str, Answer]
) -> Iterator[Finding]:
    """Give findings with those that the answers mean; of one image, not the catalogue's as well."""
    told = {
        image.source
        for image in wanted(graph)
        if isinstance(answers.get(image.reference), Published | Missing)
    }
    yield from (each for each in found if each.rule != RULE or each.source not in told)
    for image in wanted(graph):
        yield from _finding(image, answers.get(image.reference))


def all_answered(graph: StackGraph, answers: Mapping[str, Answer] | None) -> bool:
    """Whether every image that our hosts pull has an answer."""
    return answers is not None and all(image.reference in answers for image in wanted(graph))


def _finding(image: Wanted, answer: Answer | None) -> Iterator[Finding]:
    severity = Severity.ERROR
    match answer:
        case Missing():
            fact = f"{image.reference} is not in its registry"
            remedy = "correct its name or its tag, or push it"
        case Published() if not answer.runs_on(image.platform):
            fact, remedy = not_published(
                image.reference, answer.platforms, image.host, image.platform
            )
        case Unasked():
            fact = f"whether {image.reference} is for {image.platform} is not known: "
            fact += answer.reason
            remedy = f"see what docker manifest inspect {image.reference} needs here"
            severity = Severity.WARNING
        case _:
            return
    yield Finding(rule=RULE, source=image.source, fact=fact, remedy=remedy, severity=severity)
