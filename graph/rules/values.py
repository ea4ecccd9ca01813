"""Environment variables and secrets: what is missing, misread, or may not change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from config.finding import Severity, Source
from config.text import Template
from graph.catalogue import IMMUTABLE_VARIABLES, VARIABLE_PATTERNS, VariablePattern
from graph.model import EnvironmentValue, Secret, Service, StackGraph, Variable
from graph.rules.base import Breach, rule
from graph.rules.scope import at, image_facts, ours, serving

BUILD_TIME = ("NEXT_PUBLIC_", "REACT_APP_", "VITE_")
"""Beginnings of variables that are compiled into what browsers get."""


def where(service: Service, name: str) -> Source:
    """Give the place of an environment variable."""
    if name in service.spec.environment:
        return at(service.source, "environment", name)
    return at(service.source, "env_file")


@rule("D12", severity=Severity.WARNING)
def read_when_built(graph: StackGraph) -> Iterator[Breach]:
    """What a front end is built with is given to the build, and is no secret."""
    for service in ours(graph):
        for name, value in service.environment.items():
            if not name.startswith(BUILD_TIME):
                continue
            fact = f"{name} is read when the image is built, and has no effect when it runs"
            remedy = "pass it under build.args, or where the image is built"
            if isinstance(value, Template):
                secrets = ", ".join(value.secrets)
                fact = f"{fact}; built in, secret {secrets} would be in every visitor's browser"
                remedy = "remove it, and let a server use the secret under another name"
            yield Breach(where(service, name), fact, remedy)


@rule("S02", absence=True)
def missing_variable(graph: StackGraph) -> Iterator[Breach]:
    """A service has the variables without which its image does not start."""
    for service, facts in serving(graph):
        if facts.datastore and _has_data_already(graph, service):
            continue
        for group in facts.required_variables:
            if not any(service.environment.get(name) for name in group):
                others = f" (or {', '.join(group[1:])})" if group[1:] else ""
                yield Breach(
                    at(service.source, "environment"),
                    f"{service.image.reference} does not start without {group[0]}{others}",
                    f"set {'one of them' if others else 'it'} under environment",
                )


def _has_data_already(graph: StackGraph, service: Service) -> bool:
    return any(graph.volumes[mounted.volume].spec.external for mounted in service.volumes)


@rule("S07")
def unescaped_in_url(graph: StackGraph) -> Iterator[Breach]:
    """A secret in a URL has only characters that a URL takes as they are."""
    for service in ours(graph):
        system = graph.apps[service.app].system
        for name, value in service.environment.items():
            if not isinstance(value, Template):
                continue
            for secret in dict.fromkeys(_in_urls(value)):
                found = graph.secrets.get(f"secret:{system}/{secret}")
                if found is not None and not found.url_safe:
                    yield Breach(
                        where(service, name),
                        f"{name} has secret {secret} in a URL, and on stack {graph.stack} its "
                        "value has characters that end or change one",
                        "give it a value of letters, digits, '.', '_', '~' and '-' only",
                    )


def _in_urls(template: Template) -> Iterator[str]:
    """Give the secrets that stand as password or user, or behind the ``?``, of a URL."""
    pieces = [part if isinstance(part, str) else "x" for part in template.parts]
    for index, part in enumerate(template.parts):
        if isinstance(part, str):
            continue
        _, scheme, before = "".join(pieces[:index]).rpartition("://")
        after = "".join(pieces[index + 1 :])
        if not scheme or re.search(r"\s", before):
            continue
        in_authority = not re.search(r"[/?#]", before) and re.match(r"[^\s/?#]*@", after)
        if in_authority or "?" in before:
            yield part.name


_IDENTIFIERS = frozenset({"LIVEKIT_URL", "LIVEKIT_WS_URL", "SIP_OUTBOUND_TRUNK_ID", "SIP_TRUNK_ID"})
"""Variables whose form tells what is named (A10); of the others it is how a value is written."""


@rule("S08")
def wrong_form(graph: StackGraph) -> Iterator[Breach]:
    """A variable is written as the program that reads it expects."""
    for service in ours(graph):
        for name, pattern in _misformed(service):
            if name not in _IDENTIFIERS:
                fact = f"{name} is not written as {service.key} reads it"
                yield Breach(where(service, name), fact, pattern.remedy)


@rule("A10")
def wrong_name(graph: StackGraph) -> Iterator[Breach]:
    """A variable that names something else names it as its reader can find it."""
    browsers = {port for i in graph.ingresses.values() for port in (i.http_port, i.https_port)}
    for service in ours(graph):
        told = set()
        for name, pattern in _misformed(service):
            if name in _IDENTIFIERS:
                told.add(name)
                fact = f"{name} names nothing that {service.key} could find"
                yield Breach(where(service, name), fact, pattern.remedy)
        if service.spec.network_mode == "host":
            continue
        for name, value in service.environment.items():
            if name not in told and not _FOR_BROWSERS.search(name):
                yield from _elsewhere(service, name, value, browsers)


def _misformed(service: Service) -> Iterator[tuple[str, VariablePattern]]:
    for name, pattern in _patterns(service).items():
        text = _text(service.environment.get(name))
        if text is not None and not pattern.accepts(text):
            yield name, pattern


def _patterns(service: Service) -> Mapping[str, VariablePattern]:
    facts = image_facts(service)
    return {**VARIABLE_PATTERNS, **facts.variable_patterns} if facts else VARIABLE_PATTERNS


def _text(value: EnvironmentValue | None) -> str | None:
    """Give a value with something in place of its secrets; None where all of it is secret."""
    if not isinstance(value, Template):
        return value or None
    if any(isinstance(part, str) and part.strip() for part in value.parts):
        return "".join(part if isinstance(part, str) else "x" for part in value.parts)
    return None


_LOCAL = re.compile(
    r"://(?:[^\s/@]*@)?(localhost|127\.[0-9.]+|\[::1\]):([0-9]{1,5})\b",
    re.IGNORECASE,
)
_FOR_BROWSERS = re.compile(r"ALLOW|CALLBACK|CORS|EXTERNAL|ORIGIN|PUBLIC|REDIRECT|REFERER|TRUST")
"""In names of variables whose addresses are those of visitors, or are only compared."""


def _elsewhere(
    service: Service, name: str, value: EnvironmentValue, browsers: set[int]
) -> Iterator[Breach]:
    text = _text(value)
    if text is None or "://" not in text:
        return
    for host, digits in _LOCAL.findall(text):
        port = int(digits)
        own = [e.target for e in service.spec.expose] + [p.target for p in service.spec.ports]
        if port not in browsers and not any(port in ports for ports in own):
            yield Breach(
                where(service, name),
                f"{name} leads to {host}:{port}, which in a container is the container itself, "
                f"and {service.key} does not listen there",
                "write the name of the service that does, and the port inside of its container; or "
                "add the port to expose",
            )


@rule("S15", severity=Severity.WARNING)
def may_never_change(graph: StackGraph) -> Iterator[Breach]:
    """A secret that encrypts stored data is declared immutable."""
    told: dict[str, Breach] = {}
    for service in ours(graph):
        for name, secret in _kept_forever(graph, service):
            if secret is not None and not secret.immutable and secret.id not in told:
                why = IMMUTABLE_VARIABLES.get(name, "what is stored was made with it")
                told[secret.id] = Breach(
                    secret.source,
                    f"{name} of {service.key} is {secret.name}, which may never change: {why}",
                    "declare it with immutable: true",
                )
    yield from told.values()


def _kept_forever(graph: StackGraph, service: Service) -> Iterator[tuple[str, Secret | None]]:
    system = graph.apps[service.app].system
    names = dict.fromkeys(IMMUTABLE_VARIABLES)
    facts = image_facts(service)
    names |= dict.fromkeys(facts.immutable_variables if facts else ())
    for name in names:
        value = service.environment.get(name)
        secrets = value.secrets if isinstance(value, Template) else ()
        file = service.environment.get(f"{name}_FILE")
        if file is not None:
            secrets += tuple(f.secret for f in service.files if f.secret and f.target == file)
        for secret in secrets:
            yield name, graph.secrets.get(f"secret:{system}/{secret}")


@rule("S16")
def public_secret(graph: StackGraph) -> Iterator[Breach]:
    """A secret has a value of its own, not the dev stack's."""
    for secret in graph.secrets.values():
        if secret.public:
            yield Breach(
                secret.source,
                f"on stack {graph.stack} {secret.name} has the dev stack's value, which anyone "
                "can read here",
                "configure a value that is on this stack only",
            )


@rule("S17", severity=Severity.WARNING, absence=True)
def unused_value(graph: StackGraph) -> Iterator[Breach]:
    """A variable or secret that is declared is used."""
    values: tuple[Variable | Secret, ...] = (*graph.variables.values(), *graph.secrets.values())
    for value in values:
        if not value.used:
            kind = "secret" if isinstance(value, Secret) else "variable"
            yield Breach(
                value.source,
                f"nothing uses {kind} {value.name}",
                "remove it, or write ${" + value.name + "} where it belongs",
            )
