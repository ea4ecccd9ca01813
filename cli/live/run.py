"""``stackgraph check --live``: asks all names at once, within a bounded time, and judges."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import dns.asyncresolver

from cli.live.dns_client import Authorities, NoResolverError, look_up, resolver
from cli.live.web_client import Web, look_at
from config.finding import Finding, FindingsError, Source, one_of, ordered
from graph.live.names import LiveName, live_names
from graph.live.resolving import Answer, Caa, Status, judge_answers, live_notes
from graph.live.serving import Seen, Visit, judge_serving, visit
from graph.model import StackGraph
from graph.records import Target, target_of

T = TypeVar("T")

AT_ONCE = 64
"""Names that are asked at the same time."""

WHOLE_SECONDS = 60.0
"""How long all of it may take: what was not asked by then cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """Whom to ask: ``resolver`` as ``ADDRESS[:PORT]``; ``addresses`` as ``HOST=ADDRESS``."""

    resolver: str | None = None
    addresses: Sequence[str] = ()
    web: Web = field(default_factory=Web)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReport:
    """What was found, what is no finding, how many names were asked, how many answered."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    asked: int
    answered: int


def live_report(graph: StackGraph, options: LiveOptions) -> LiveReport:
    """Ask a running stack and judge; a `FindingsError` tells what is wrong with the options."""
    names = live_names(graph, _given(graph, options.addresses))
    try:
        server = resolver(options.resolver)
    except NoResolverError as error:
        fact, _, remedy = str(error).partition("; ")
        raise FindingsError([_option(fact, remedy)]) from None
    answers, caa, seen = asyncio.run(_asked(names, server, options.web))
    findings = [
        *judge_answers(graph, names, answers, caa),
        *judge_serving(names, seen, datetime.now(UTC)),
    ]
    told = [answers[each.asked] for each in names if each.asked in answers]
    return LiveReport(
        findings=ordered(findings),
        notes=tuple(live_notes(names, answers, resolver=options.resolver)),
        asked=len(names),
        answered=sum(answer.status is not Status.FAILED for answer in told),
    )


async def _asked(
    names: Iterable[LiveName], server: dns.asyncresolver.Resolver, web: Web
) -> tuple[Mapping[str, Answer], Mapping[str, Caa], Mapping[str, Seen]]:
    answers: dict[str, Answer] = {}
    caa: dict[str, Caa] = {}
    seen: dict[str, Seen] = {}
    planned: dict[str, Visit] = {}
    known = Authorities(server)
    turn = asyncio.Semaphore(AT_ONCE)

    async def resolve(name: str) -> None:
        answers[name] = await _in_turn(turn, lambda: look_up(server, name))

    async def authorize(name: str) -> None:
        caa[name] = await _in_turn(turn, lambda: known.of(name))

    async def go(name: LiveName) -> None:
        await resolve(name.asked)
        to = visit(name, answers[name.asked])
        if to is not None:
            planned[name.asked] = to
            seen[name.asked] = await _in_turn(turn, lambda: look_at(to, web))

    listed = list(names)
    aliases = {t.value for each in listed for t in each.targets or () if t.type == "CNAME"}
    work = [
        *(go(each) for each in listed),
        *(resolve(alias) for alias in sorted(aliases)),
        *(authorize(each.asked) for each in listed if each.issuer),
    ]
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            await asyncio.gather(*work)
    except TimeoutError:
        pass  # what has no answer by now is told as such
    unseen = {name: Seen.nothing(to.guarded) for name, to in planned.items() if name not in seen}
    return answers, caa, seen | unseen


async def _in_turn(turn: asyncio.Semaphore, ask: Callable[[], Awaitable[T]]) -> T:
    async with turn:
        return await ask()


def _given(graph: StackGraph, options: Sequence[str]) -> Mapping[str, tuple[Target, ...]]:
    """Read ``HOST=ADDRESS`` options: addresses by host id, several for one that has several."""
    hosts: dict[str, str] = {}
    for host in graph.hosts.values():
        hosts[host.key] = hosts[f"{host.system}/{host.key}"] = host.id
    found: dict[str, tuple[Target, ...]] = {}
    problems = []
    for option in options:
        key, equals, address = option.partition("=")
        target = target_of(address)
        if not equals or target.type == "CNAME":
            problems.append(
                _option(f"--address {option} is not HOST=ADDRESS", "give an IP address")
            )
        elif key not in hosts:
            problems.append(_option(f"there is no host {key!r}", one_of(key, list(hosts))))
        else:
            found[hosts[key]] = (*found.get(hosts[key], ()), target)
    if problems:
        raise FindingsError(problems)
    return found


def _option(fact: str, remedy: str) -> Finding:
    return Finding(rule="file", source=Source("check --live", 1, ""), fact=fact, remedy=remedy)
