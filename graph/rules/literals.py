"""Secrets that stand in the files: recognised by the name before them, or by their own form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from config.finding import Source
from config.text import Template
from graph.model import EnvironmentValue, Job, Process, Service, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.scope import at
from graph.rules.values import where

_SECRET_NAME = re.compile(
    r"(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|CREDENTIALS?)"
    r"(?:_(?:KEY|BASE|BASE64|B64|HASH|VALUE|OLD|NEW|DEV|PROD|TEST))*(?:_?[0-9]+)?$",
    re.IGNORECASE,
)
"""Names that end as a secret's do: PASSWORD_FILE or TOKEN_TTL is something about one."""

_NO_SECRET = re.compile(
    r"\s*|true|false|yes|no|on|off|none|null|auto|enabled?|disabled?|optional|required|"
    r"include|omit|same-origin|"
    r"[-+]?[0-9.]+ ?(?:ns|us|ms|[smhdwy]|[kmgt]i?b?)?|\.{0,2}/\S*|https?://[^\s@]+",
    re.IGNORECASE,
)
"""Switches, modes, numbers, durations, sizes, paths, addresses."""

_BEFORE = r"(?<![A-Za-z0-9_-])"
_FORMS = (
    ("AKIA", "an AWS access key", re.compile(_BEFORE + r"AKIA[0-9A-Z]{16}\b")),
    ("ASIA", "an AWS access key", re.compile(_BEFORE + r"ASIA[0-9A-Z]{16}\b")),
    ("gh", "a GitHub token", re.compile(_BEFORE + r"gh[pousr]_[A-Za-z0-9]{30,}")),
    ("github_pat_", "a GitHub token", re.compile(_BEFORE + r"github_pat_\w{30,}")),
    ("glpat-", "a GitLab token", re.compile(_BEFORE + r"glpat-[\w-]{20,}")),
    ("sk-", "an API key", re.compile(_BEFORE + r"sk-[\w-]{20,}")),
    ("xox", "a Slack token", re.compile(_BEFORE + r"xox[a-z]-[\w-]{10,}")),
    ("AIza", "a Google API key", re.compile(_BEFORE + r"AIza[\w-]{35}")),
    ("PRIVATE KEY-----", "a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("eyJ", "a signed token", re.compile(_BEFORE + r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")),
    (
        "://",
        "a password in a URL",
        re.compile(r"://[^\s:/@?#\"']*:(?![$<{%*])[^\s/@?#\"'$<{]+@[\w\[]"),
    ),
)
"""Secrets by their form: a text that any of them has in it, what it is, the whole of it."""


@rule("S10")
def secret_in_the_files(graph: StackGraph) -> Iterator[Breach]:
    """Secrets have names in the files, and values in the stack's configuration."""
    for service in graph.services.values():
        for name, value in service.environment.items():
            what = _form_of(value)
            if what is None and _is_secret(name, value):
                what = "a secret"
            if what is not None:
                yield _breach(where(service, name), f"the value of {name}", what)
        for source, holder, text in _texts(service):
            what = _form(text)
            if what is not None:
                yield _breach(source, holder, what)
    nodes: tuple[Process | Job, ...] = (*graph.processes.values(), *graph.jobs.values())
    for node in nodes:
        what = _form(node.spec.command)
        if what is not None:
            yield _breach(at(node.source, "command"), f"the command of {node.key}", what)


def _breach(source: Source, holder: str, what: str) -> Breach:
    return Breach(
        source,
        f"{holder} is or holds {what}, for all who can read this file",
        "declare it under secrets in system.yaml, refer to it, and choose a new value",
    )


def _is_secret(name: str, value: EnvironmentValue) -> bool:
    if isinstance(value, Template) or _NO_SECRET.fullmatch(value):
        return False
    return bool(_SECRET_NAME.search(name)) and "PUBLIC" not in name.upper()


def _form_of(value: EnvironmentValue) -> str | None:
    if isinstance(value, str):
        return _form(value)
    literal = (_form(part) for part in value.parts if isinstance(part, str))
    return next((what for what in literal if what is not None), None)


def _form(text: str) -> str | None:
    for hint, what, form in _FORMS:
        if hint in text and form.search(text):
            return what
    return None


def _texts(service: Service) -> Iterator[tuple[Source, str, str]]:
    spec = service.spec
    for file in service.files:
        if file.content is not None:
            yield at(service.source, "configs"), f"the config at {file.target}", file.content
    for label, text in spec.labels.items():
        yield at(service.source, "labels", label), f"the label {label}", text
    command = "\n".join((*(spec.entrypoint or ()), *(spec.command or ())))
    yield at(service.source, "command"), f"the command of {service.key}", command
    check = "\n".join(spec.healthcheck.test) if spec.healthcheck else ""
    yield at(service.source, "healthcheck"), f"the health check of {service.key}", check
