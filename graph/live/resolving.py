"""What DNS answers, and what that means: answers in, findings out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address, ip_network

from config.finding import Finding, Severity, Source
from graph.cloudflare import CLOUDFLARE_NETWORKS
from graph.live.names import LiveName
from graph.model import StackGraph

INTERNAL_NETWORKS = tuple(
    ip_network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10"),
    )
)
"""Addresses that the internet does not route: behind NAT, in a mesh, on a machine itself."""

CRITICAL = 128
"""The flag of a CAA record that an issuer must understand to issue at all."""

KNOWN_PROPERTIES = frozenset({"issue", "issuewild", "iodef", "issuemail", "contactemail"})

NOT_ASKED = "there was no time to ask"

MUCH_LONGER = 12
"""So many times the declared TTL is worth a note."""


class Status(StrEnum):
    """How a name was answered. ``missing`` is NXDOMAIN; ``failed`` tells nothing about the name."""

    FOUND = "found"
    MISSING = "missing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What DNS said of a name.

    ``aliases`` are the names that it leads to, in order; ``ttl`` the longest of its addresses, in
    seconds; ``problem`` says why it failed.
    """

    status: Status
    addresses: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    ttl: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caa:
    """The CAA records that hold for a name: where they were found, flags, tag and value each.

    None were found where ``records`` is empty; ``problem`` says why nobody knows.
    """

    at: str = ""
    records: tuple[tuple[int, str, str], ...] = ()
    problem: str = ""


def judge_answers(
    graph: StackGraph,
    names: Iterable[LiveName],
    answers: Mapping[str, Answer],
    authorities: Mapping[str, Caa],
) -> Iterator[Finding]:
    """Give what DNS answers otherwise than declared, and what it does not tell.

    ``answers`` and ``authorities`` are by the name that was asked; also of names that are aliases'
    targets.
    """
    unknown: dict[str, list[str]] = {}
    sources: dict[str, Source] = {}
    for name in names:
        answer = answers.get(name.asked, Answer(status=Status.FAILED, problem=NOT_ASKED))
        yield from _resolved(name, answer, answers)
        where_is_open = name.public and name.targets is None and not name.proxied
        if where_is_open and answer.addresses:
            unknown.setdefault(name.hosts[0], []).append(_pointing(name, answer))
            sources.setdefault(name.hosts[0], graph.hosts[name.hosts[0]].source)
        if name.issuer is not None and answer.addresses:
            caa = authorities.get(name.asked, Caa(problem=NOT_ASKED))
            yield from _authorized(name, caa, name.issuer)
    for host, told in unknown.items():
        key = graph.hosts[host].key
        yield _finding(
            "live-unknown",
            sources[host],
            f"where names of host {key} should lead is not known here ({_some(told)}): cannot tell",
            f"give --address {key}=ADDRESS, as pulumi stack output tells it",
        )


def live_notes(
    names: Iterable[LiveName], answers: Mapping[str, Answer], *, resolver: str | None
) -> Iterator[str]:
    """Say what is no finding: who was asked from inside of the mesh, and TTLs that are far off."""
    inside = []
    for name in names:
        answer = answers.get(name.asked)
        if answer is None or answer.status is not Status.FOUND:
            continue
        if name.mesh_addresses & set(answer.addresses):
            inside.append(name.name)
        elif not name.proxied and answer.ttl and answer.ttl > MUCH_LONGER * name.ttl > 0:
            yield (
                f"{name.name} is remembered for {answer.ttl} s, and {name.ttl} s are declared: a "
                "new address would take that long"
            )
    if inside:
        other = "another resolver" if resolver else "a public resolver with --resolver 1.1.1.1"
        yield (
            f"{_some(inside)} answered with an address in the mesh: this machine's DNS is the "
            f"mesh's; what the public sees was not asked, {other} tells"
        )


def _resolved(name: LiveName, answer: Answer, answers: Mapping[str, Answer]) -> Iterator[Finding]:
    if answer.status is Status.FAILED:
        yield _finding(
            "live-unknown",
            name.source,
            f"DNS did not answer for {name.asked} ({answer.problem}): cannot tell",
            "ask again, or another server with --resolver",
        )
        return
    got = set(answer.addresses)
    if not name.public:
        if leaked := [each for each in sorted(got) if not internal(each)]:
            yield _finding(
                "live-mesh",
                name.source,
                f"{name.name} is for the mesh, and public DNS leads it to {', '.join(leaked)}",
                "remove the record from public DNS, or declare it under records of its zone",
            )
        return
    if name.mesh_addresses and got and got <= name.mesh_addresses:
        return  # asked from inside of the mesh: `live_notes` tells
    if answer.status is Status.MISSING or not got:
        said = "does not know" if answer.status is Status.MISSING else "has no address for"
        yield _finding(
            "live-missing", name.source, f"DNS {said} {name.asked}", _remedy(name), wrong=True
        )
    elif name.proxied:
        yield from _proxied(name, got)
    elif name.targets is not None:
        yield from _direct(name, answer, got, answers)


def _proxied(name: LiveName, got: set[str]) -> Iterator[Finding]:
    own = {target.value for target in name.targets or ()} & got
    past = {each for each in got if not of_cloudflare(each)} - own
    if own:
        yield _finding(
            "live-exposed",
            name.source,
            f"{name.name} is to be proxied, and answers with its host's own address "
            f"{_list(own)}: whoever asks goes past Cloudflare",
            _remedy(name),
            wrong=True,
        )
    if past:
        yield _finding(
            "live-elsewhere",
            name.source,
            f"{name.name} leads to {_list(past)}, and should to Cloudflare, which proxies it",
            _remedy(name),
            wrong=True,
        )


def _direct(
    name: LiveName, answer: Answer, got: set[str], answers: Mapping[str, Answer]
) -> Iterator[Finding]:
    wanted: set[str] = set()
    for target in name.targets or ():
        if target.type != "CNAME":
            wanted.add(target.value)
        elif target.value in answer.aliases:
            return  # as declared; where the other name leads is its own affair
        else:
            there = answers.get(target.value)
            wanted |= set(there.addresses) if there else {target.value}
    missing, more = wanted - got, got - wanted
    undeclared = {each for each in more if ip_address(each).version == 6}
    if not any(":" in each for each in wanted):
        more -= undeclared
    else:
        undeclared = set()
    whose = ", which is Cloudflare's: it is proxied" if any(map(of_cloudflare, more)) else ""
    if more:
        yield _finding(
            "live-elsewhere",
            name.source,
            f"{name.name} leads to {_list(more)}{whose}, and should to {_list(wanted)}",
            _remedy(name),
            wrong=True,
        )
    elif missing:
        yield _finding(
            "live-elsewhere",
            name.source,
            f"{name.name} does not lead to {_list(missing)}, and to {_list(got)} only",
            _remedy(name),
            wrong=True,
        )
    if undeclared:
        yield _finding(
            "live-undeclared",
            name.source,
            f"{name.name} has AAAA {_list(undeclared)}, which nobody declared: callers with IPv6 "
            "go there",
            "remove the record, or add the address to the host's public_addresses",
            wrong=True,
        )


def _authorized(name: LiveName, caa: Caa, issuer: str) -> Iterator[Finding]:
    """Judge whether CAA admits an issuer (RFC 8659): who is not named may not, once one is."""
    if caa.problem:
        yield _finding(
            "live-unknown",
            name.source,
            f"DNS did not tell which issuers {name.asked} admits, CAA ({caa.problem}): cannot tell",
            "ask again, or another server with --resolver",
        )
        return
    critical = {tag for flags, tag, _ in caa.records if flags & CRITICAL} - KNOWN_PROPERTIES
    if critical:
        yield _finding(
            "live-caa",
            name.source,
            f"CAA of {caa.at} has {_list(map(repr, critical))}, which is critical and which no "
            f"issuer knows: none issues the certificate of {name.name}",
            f"remove it from {caa.at}",
            wrong=True,
        )
        return
    tags = ("issuewild", "issue") if name.name.startswith("*.") else ("issue",)
    for tag in tags:
        values = [value for _, found, value in caa.records if found.lower() == tag]
        if not values:
            continue
        if issuer not in {value.partition(";")[0].strip().lower() for value in values}:
            shown = ", ".join(repr(value) for value in values)
            yield _finding(
                "live-caa",
                name.source,
                f"CAA of {caa.at} admits {shown} only, and the ingress asks {issuer} for the "
                f"certificate of {name.name}",
                f'add CAA 0 {tag} "{issuer}" to {caa.at}',
                wrong=True,
            )
        return


def _remedy(name: LiveName) -> str:
    if name.zone.provider == "cloudflare":
        return "run pulumi up, with --refresh where somebody has changed it by hand"
    values = [f"{target.type} {target.value}" for target in name.targets or ()]
    whose = f" ({name.zone.managed_by})" if name.zone.managed_by else ""
    record = " and ".join(values) or "the address of its host"
    return f"let the owner of {name.zone.name}{whose} set {name.name} to {record}"


def _pointing(name: LiveName, answer: Answer) -> str:
    return f"{name.name} leads to {_list(set(answer.addresses)) or 'no address'}"


def _finding(rule: str, source: Source, fact: str, remedy: str, *, wrong: bool = False) -> Finding:
    severity = Severity.ERROR if wrong else Severity.WARNING
    return Finding(rule=rule, source=source, fact=fact, remedy=remedy, severity=severity)


def _list(addresses: Iterable[str]) -> str:
    return ", ".join(sorted(addresses))


def _some(told: list[str]) -> str:
    rest = len(told) - 1
    return told[0] + (f", and {rest} more" if rest else "")


@lru_cache(maxsize=4096)
def internal(address: str) -> bool:
    """Whether the internet cannot reach an address."""
    one = ip_address(address)
    return any(one in each for each in INTERNAL_NETWORKS)


@lru_cache(maxsize=4096)
def of_cloudflare(address: str) -> bool:
    """Whether an address is of Cloudflare's edge."""
    one = ip_address(address)
    return any(one in ip_network(each) for each in CLOUDFLARE_NETWORKS)
