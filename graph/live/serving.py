"""What the names of a running stack serve, and what that means: observations in, findings out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from config.finding import Finding, Severity, Source
from graph.live.names import LiveName
from graph.live.resolving import NOT_ASKED, Answer, Status, internal, of_cloudflare
from graph.model import Route

SOON = timedelta(days=14)
"""What is renewed a month before its end and ends within this has not been renewed."""

REFUSED = frozenset({403, 521, 522, 523})
"""How a guard refuses; and how Cloudflare says that the host did not let it in."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a name showed over TLS.

    ``refused`` says why its certificate is not accepted, ``problem`` why none was seen; with
    neither, it is accepted until ``expires``.
    """

    expires: datetime | None = None
    refused: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How a request was answered: its status, or why there was none.

    ``local`` is the address that this machine asked from, as far as it knows.
    """

    status: int | None = None
    location: str = ""
    local: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a name was seen to serve; ``guarded`` are the replies of its restricted routes by id."""

    certificate: Certificate
    plain: Reply
    guarded: Mapping[str, Reply]

    @property
    def reached(self) -> bool:
        """Whether anything at all answered."""
        replies = (self.plain, *self.guarded.values())
        return not self.certificate.problem or any(each.status is not None for each in replies)

    @staticmethod
    def nothing(guarded: Iterable[str]) -> Seen:
        """Give what is seen of a name when there was no time to ask it."""
        silent = Reply(problem=NOT_ASKED)
        return Seen(
            certificate=Certificate(problem=NOT_ASKED),
            plain=silent,
            guarded=dict.fromkeys(guarded, silent),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where a name is asked what it serves, and the restricted paths to ask it for, by route id.

    ``guarded_at`` is where strangers come from outside; it differs from ``at`` inside of the mesh.
    """

    name: str
    at: str
    guarded_at: str
    guarded: Mapping[str, str]


def visit(name: LiveName, answer: Answer) -> Visit | None:
    """Say where to ask what a name serves; None where nothing serves it, or it is not ours.

    What somebody else's machine serves under the name is no matter of this stack, and its owner
    did not ask to be asked.
    """
    if not name.routes:
        return None
    targets = [target.value for target in name.targets or () if target.type != "CNAME"]
    known = answer.addresses if answer.status is Status.FOUND else ()
    own = [each for each in known if _ours(name, answer, each, targets)]
    if not own and not (targets and not name.public):
        return None
    first = min(own or targets, key=lambda each: ip_address(each).version)
    outside = first
    if targets and not name.proxied:
        outside = min(targets, key=lambda each: ip_address(each).version)
    guarded = {route.id: _sample(route.path) for route in name.routes if route.sources is not None}
    return Visit(name=name.asked, at=first, guarded_at=outside, guarded=guarded)


def _ours(name: LiveName, answer: Answer, address: str, targets: list[str]) -> bool:
    if address in name.mesh_addresses:
        return True
    if name.proxied:
        return of_cloudflare(address)
    aliases = {target.value for target in name.targets or () if target.type == "CNAME"}
    return name.targets is None or address in targets or bool(aliases & set(answer.aliases))


def _sample(path: str) -> str:
    return path.removesuffix("*") or "/"


def judge_serving(
    names: Iterable[LiveName], seen: Mapping[str, Seen], now: datetime
) -> Iterator[Finding]:
    """Give what names serve otherwise than declared, and what could not be seen.

    ``seen`` is by the name that was asked; what is not in it was not visited.
    """
    online = any(each.reached for each in seen.values())
    for name in names:
        found = seen.get(name.asked)
        if found is None:
            continue
        open_to_all = any(route.sources is None for route in name.routes)
        yield from _certificate(name, found.certificate, now, open_to_all=open_to_all)
        yield from _redirect(name, found.plain)
        for route in name.routes:
            if route.id in found.guarded:
                yield from _guard(route, found.guarded[route.id], online=online)


def _certificate(
    name: LiveName, certificate: Certificate, now: datetime, *, open_to_all: bool
) -> Iterator[Finding]:
    if certificate.refused:
        yield _finding(
            "live-certificate",
            name.source,
            f"the certificate of {name.asked} is not accepted: {certificate.refused}",
            "look into the log of the ingress for why it has none; a private authority's root is "
            "accepted with SSL_CERT_FILE",
            wrong=True,
        )
    elif certificate.problem:
        # Who is not admitted may be refused before TLS: that is for the guard to tell.
        if open_to_all:
            yield _finding(
                "live-unknown",
                name.source,
                f"{name.asked} could not be asked over TLS ({certificate.problem}): cannot tell",
                "ask again; if it stays so, see whether port 443 is open from here and the "
                "ingress runs",
            )
    elif certificate.expires is not None and certificate.expires - now < SOON:
        days = max(0, (certificate.expires - now).days)
        yield _finding(
            "live-certificate",
            name.source,
            f"the certificate of {name.asked} ends on {certificate.expires:%Y-%m-%d}, in {days} "
            f"day{'' if days == 1 else 's'}, and has not been renewed",
            "look into the log of the ingress, or of certbot, for why",
        )


def _redirect(name: LiveName, reply: Reply) -> Iterator[Finding]:
    if reply.status is None or reply.status in REFUSED:
        return  # nothing is told in plain text
    to = urlsplit(reply.location)
    if reply.status in REDIRECTS and to.scheme == "https":
        return
    told = f" to {reply.location}" if reply.status in REDIRECTS else ""
    yield _finding(
        "live-redirect",
        name.source,
        f"http://{name.asked} answers {reply.status}{told}, and does not lead to HTTPS",
        "see what listens on port 80; the ingress of this stack redirects every name",
        wrong=True,
    )


def _guard(route: Route, reply: Reply, *, online: bool) -> Iterator[Finding]:
    if reply.status is None or reply.status in REFUSED:
        if reply.status is None and (not online or reply.problem == NOT_ASKED):
            yield _finding(
                "live-unknown",
                _at_access(route),
                f"{route.address} did not answer{_as_all(online)} ({reply.problem}): cannot tell "
                "whether it refuses",
                "ask again from where the stack can be reached",
            )
        return
    if reply.local and _admitted(route, reply.local):
        return  # a member asks: that strangers are refused shows only elsewhere
    if not reply.local or (internal(reply.local) and not all(map(_inside, route.sources or ()))):
        yield _finding(
            "live-unknown",
            _at_access(route),
            f"{route.address} answers {reply.status} here, and the address that this machine is "
            "seen with is not known: cannot tell whether it refuses strangers",
            "ask from a machine that is not admitted",
        )
        return
    yield _finding(
        "live-open",
        _at_access(route),
        f"{route.address} answers {reply.status} to {reply.local}, which is not admitted",
        "see what stands before the ingress and hides callers' addresses; then run pulumi up",
        wrong=True,
    )


def _as_all(online: bool) -> str:
    return "" if online else ", and nothing else did"


def _admitted(route: Route, local: str) -> bool:
    one = ip_address(local)
    return any(one in ip_network(each) for each in route.sources or ())


def _inside(network: str) -> bool:
    return internal(str(ip_network(network).network_address))


def _at_access(route: Route) -> Source:
    return Source(route.source.file, route.source.line, f"{route.source.path}.access")


def _finding(rule: str, source: Source, fact: str, remedy: str, *, wrong: bool = False) -> Finding:
    severity = Severity.ERROR if wrong else Severity.WARNING
    return Finding(rule=rule, source=source, fact=fact, remedy=remedy, severity=severity)
