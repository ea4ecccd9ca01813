"""Health checks: what they ask, with which tool, how often."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from config.compose.model import HealthCheck
from config.finding import Severity
from config.units import format_duration, format_port_range
from graph.catalogue import facts_of
from graph.model import Service, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.scope import at, known, ours

DOCKERS_DEFAULT = timedelta(seconds=30)
"""Docker's interval and timeout, also where one of them is 0."""

SHORTEST_INTERVAL = timedelta(seconds=2)
LONGEST_PATIENCE = timedelta(minutes=30)
BROKER_TIMEOUT = timedelta(seconds=30)

_SHELLS = ("sh", "ash", "bash", "dash")
_SEPARATORS = "();<>|&\n"
_NO_COMMANDS = frozenset({"!", "if", "then", "else", "do", "while", "until", "exec", "{", "time"})
_VARIABLE = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_LOCALHOST = re.compile(r"(?<![\w.-])(?<!Host:)(?<!Host: )localhost(?![\w-]|\.\w)")
_SOCKET_CLIENT = re.compile(r"\b(?:mysql|mariadb)(?:admin|-admin|check|-check|dump)?\b")
"""MySQL's clients take ``localhost`` for their server's socket."""

_OWN_ADDRESS = re.compile(
    r"(?:(?P<scheme>https?)://)?(?<![\w.-])(?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1?\])"
    r"(?::(?P<port>\d{1,5})|(?![\w:.-]))(?P<path>/[^\s\"'`?#|;&)]*)?"
)
_DEVICE = re.compile(r"/dev/(?:tcp|udp)/[^/\s]+/(?P<port>\d{1,5})")
_CREDENTIALS = re.compile(
    r"authorization|bearer|api[-_]?key|token|password|--user\b|\s-u\b", re.IGNORECASE
)
_BROKER = re.compile(r"\bcelery\b.*\b(?:inspect|status)\b|\brabbitmqctl\b|\brabbitmq-diagnostics\b")
_PROVES_NOTHING = re.compile(
    r"(?:/\S*/)?true|:|exit 0|echo\b[^|&;]*|kill -0 1|(?:pgrep|pidof)\b[^|&;]*"
    r"|\S+ (?:version|--version|-v|-V)"
)


def _checks(graph: StackGraph) -> Iterator[tuple[Service, HealthCheck]]:
    """Give the health checks that services of ours have, as their owner wrote them."""
    for service in ours(graph):
        check = service.spec.healthcheck
        if service.image.stand_in_for is None and check is not None and check.active:
            yield service, check


def _text(check: HealthCheck) -> str:
    return " ".join(check.test[1:])


@rule("H01")
def tool_not_in_image(graph: StackGraph) -> Iterator[Breach]:
    """A health check calls a program that its image has."""
    for service, facts in known(graph):
        check = service.spec.healthcheck
        if check is None or not check.active:
            continue
        text = _text(check)
        missing = [tool for tool in facts.missing_tools if tool in _SHELLS or tool in text]
        if not missing:
            continue
        tool = next((word for word in _programs(check.test) if word in missing), None)
        if tool is not None:
            yield Breach(
                at(service.source, "healthcheck"),
                f"{service.key}'s health check calls {tool}, which {service.image.reference} "
                "does not have: it would never be healthy",
                "call a program of the image's own",
            )


def _programs(test: Sequence[str]) -> Iterator[str]:
    """Give the programs that a check calls, without their folders; a shell's own, too."""
    kind, *words = test
    if kind == "CMD-SHELL":
        yield "sh"
        yield from _called(" ".join(words))
    elif words:
        program = posixpath.basename(words[0])
        yield program
        if program in _SHELLS:
            scripts = [word for before, word in pairwise(words) if before == "-c"]
            yield from _called("\n".join(scripts))


def _called(script: str) -> Iterator[str]:
    """Give the first word of each command of a script; of one that is not closed, none."""
    lexer = shlex.shlex(script, posix=True, punctuation_chars=_SEPARATORS)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        return
    begins = True
    for word in words:
        if word[:1] in _SEPARATORS:
            begins = not set(word) & {"<", ">"}
        elif begins and word not in _NO_COMMANDS and not _VARIABLE.fullmatch(word):
            begins = False
            yield posixpath.basename(word)


@rule("H03", severity=Severity.WARNING)
def asks_localhost(graph: StackGraph) -> Iterator[Breach]:
    """A health check asks an address, not localhost."""
    for service, check in _checks(graph):
        text = _text(check)
        if _LOCALHOST.search(text) and not _SOCKET_CLIENT.search(text):
            yield Breach(
                at(service.source, "healthcheck"),
                f"{service.key}'s health check asks localhost, which is ::1 in many images and "
                "not where the program listens",
                "ask 127.0.0.1",
            )


@rule("H04")
def asks_another_port(graph: StackGraph) -> Iterator[Breach]:
    """A health check asks a port that the service listens on."""
    for service, check in _checks(graph):
        ports = [port.target for port in service.spec.expose if port.protocol == "tcp"]
        ports += [port.target for port in service.spec.ports if port.protocol == "tcp"]
        asked = next(
            (p for p in _asked_ports(_text(check)) if not any(p in each for each in ports)), None
        )
        if ports and asked is not None:
            known_ports = sorted({(port.start, port.stop) for port in ports})
            listens = ", ".join(format_port_range(range(*port)) for port in known_ports)
            yield Breach(
                at(service.source, "healthcheck"),
                f"{service.key}'s health check asks port {asked}, but it listens on {listens}",
                "ask a port that it listens on, or add this one to expose",
            )


def _asked_ports(text: str) -> Iterator[int]:
    for match in _OWN_ADDRESS.finditer(text):
        if match["port"]:
            yield int(match["port"])
        elif match["scheme"]:
            yield 443 if match["scheme"] == "https" else 80
    for match in _DEVICE.finditer(text):
        yield int(match["port"])


@rule("H05")
def asks_with_no_password(graph: StackGraph) -> Iterator[Breach]:
    """A health check asks a path that needs no credentials."""
    for service, facts in known(graph):
        check = service.spec.healthcheck
        if not facts.needs_auth_paths or check is None or not check.active:
            continue
        text = _text(check)
        paths = [m["path"].rstrip("/") for m in _OWN_ADDRESS.finditer(text) if m["path"]]
        path = next((each for each in paths if each in facts.needs_auth_paths), None)
        if path is not None and not _CREDENTIALS.search(text):
            yield Breach(
                at(service.source, "healthcheck"),
                f"{service.key}'s health check asks {path}, which answers only to whoever has "
                "credentials",
                f"ask {facts.ready_path}" if facts.ready_path else "ask a path that needs none",
            )


@dataclass(frozen=True, slots=True)
class _Pace:
    """How often a check asks and how long it waits, as Docker takes it."""

    interval: timedelta
    timeout: timedelta
    retries: int


@rule("H06", severity=Severity.WARNING)
def asks_too_often(graph: StackGraph) -> Iterator[Breach]:
    """A health check asks neither too often nor too seldom, and waits long enough."""
    for service, check in _checks(graph):
        pace = _Pace(
            check.interval or DOCKERS_DEFAULT, check.timeout or DOCKERS_DEFAULT, check.retries
        )
        for fact, remedy in _faults(pace, broker=bool(_BROKER.search(_text(check)))):
            place = at(service.source, "healthcheck")
            yield Breach(place, f"{service.key}'s health check {fact}", remedy)


def _faults(pace: _Pace, *, broker: bool) -> Iterator[tuple[str, str]]:
    interval, timeout = format_duration(pace.interval), format_duration(pace.timeout)
    if pace.timeout > pace.interval:
        yield (
            f"may take {timeout}, longer than the {interval} until the next",
            f"set a timeout of at most {interval}, or a longer interval",
        )
    if pace.interval < SHORTEST_INTERVAL:
        yield f"asks every {interval}, which costs more than it tells", "ask every 5s or less often"
    if pace.retries * pace.interval > LONGEST_PATIENCE:
        patience = format_duration(pace.retries * pace.interval)
        yield f"needs {patience} to notice a failure", "lower its retries or its interval"
    if broker and pace.timeout < BROKER_TIMEOUT:
        yield (
            f"asks by way of a broker, which a busy host does not manage in {timeout}",
            "set a timeout of 30s or more, or ask a port of its own",
        )


@rule("H07", severity=Severity.WARNING)
def proves_nothing(graph: StackGraph) -> Iterator[Breach]:
    """A routed service has a health check that asks whether it works."""
    for service in ours(graph):
        if service.image.stand_in_for is not None or not graph.routes_to(service.id):
            continue
        check = service.spec.healthcheck
        if check is None or not check.active:
            fact = f"{service.key} is routed to but has no health check: nobody sees that it hangs"
            yield Breach(service.source, fact, _better(graph, service))
        elif _PROVES_NOTHING.fullmatch(_script(check)):
            fact = f"{service.key}'s health check ({_script(check)}) says nothing of its answers"
            yield Breach(at(service.source, "healthcheck"), fact, _better(graph, service))


def _script(check: HealthCheck) -> str:
    """Give the command of a check, without the shell around it."""
    kind, *words = check.test
    if kind == "CMD" and words[1:2] == ["-c"] and posixpath.basename(words[0]) in _SHELLS:
        words = words[2:]
    script = " ".join(" ".join(words).split()).rstrip("; ")
    return re.sub(r" ?\|\| ?exit 1$", "", script)


def _better(graph: StackGraph, service: Service) -> str:
    port = next((route.port for route in graph.routes_to(service.id) if route.port), None)
    facts = facts_of(service.image.reference) if service.image.context is None else None
    path = (facts.ready_path if facts else None) or "/"
    return f"give it one that asks http://127.0.0.1:{port}{path} or the like"
