"""Variables and secrets: their values on a stack, those that files use, those that are unsafe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from pydantic import SecretStr

from config.certificates import secrets_of
from config.finding import Finding
from config.host import CaddyIngress
from config.load.loaded import LoadedApp, LoadedSystem
from config.load.on_stack import OnStack
from config.settings import PLACEHOLDER
from config.stack import StackSettings
from config.system import STAND_IN_REGISTRY, System, Variable
from config.text import SecretRef, Value

_PLAIN = re.compile(r"[A-Za-z0-9._~-]*")
"""What stands for itself in every part of a URL (RFC 3986, 2.3)."""


class Noting(Mapping[str, Value]):
    """Variables by name, and which of them were asked for."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values_by_name, self.used = values, set[str]()

    def __getitem__(self, name: str) -> Value:
        value = self.values_by_name[name]
        self.used.add(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


def secret_values(loaded: LoadedSystem, settings: StackSettings) -> dict[str, SecretStr]:
    """Give the value of each secret on a stack: the configured one, on dev else the stated one."""
    stated: dict[str, SecretStr] = {}
    if settings.target == "dev":
        stated = {name: SecretStr(item.dev) for name, item in loaded.system.secrets.items()}
    return {**stated, **settings.of(loaded.name).secrets}


def variables_of(system: System, on: OnStack) -> tuple[dict[str, Value], list[Finding]]:
    """Give variables and secrets as texts of the system may use them; findings on those without.

    Secrets are references: their values are not in it.
    """
    settings, stack = on.settings, on.stack
    values: dict[str, Value] = {}
    findings: list[Finding] = []
    # Declared, if wrongly: using it is no second mistake.
    values.update(dict.fromkeys(on.declared("variables"), ""))
    values.update({name: SecretRef(name) for name in on.declared("secrets")})
    for name, variable in system.variables.items():
        value = _variable(name, variable, on)
        if value is None:
            at = ("variables", name)
            fact = f"variable {name} has no value on stack {stack.name}"
            remedy = f"run {on.set_command('variables', name)}"
            findings.append(on.document.problem("stack-value", at, fact, remedy))
        else:
            values[name] = value
    for name in system.secrets:
        values[name] = SecretRef(name)
        at = ("secrets", name)
        if name in system.variables:
            fact = f"{name} is declared as a variable and as a secret"
            findings.append(on.document.problem("schema", at, fact, "keep one of the two"))
        if stack.target == "prod" and name not in settings.secrets:
            fact = f"secret {name} has no value on stack {stack.name}"
            remedy = f"run {on.set_command('secrets', name, secret=True)}"
            findings.append(on.document.problem("stack-secret", at, fact, remedy))
    return values, findings


def _variable(name: str, variable: Variable, on: OnStack) -> str | None:
    configured = on.settings.variables.get(name)
    if configured is not None:
        return configured
    if on.stack.target == "dev":
        if variable.dev is not None:
            return variable.dev
        if variable.stand_in:
            return f"{STAND_IN_REGISTRY}/{name.lower().replace('_', '-')}:dev"
    return variable.default


def secrets_in_files(apps: Iterable[LoadedApp], system: System) -> set[str]:
    """Give the secrets that something gets as a file, or as a user's password."""
    files = {s.environment for app in apps for s in app.compose.secrets.values()}
    for host in system.hosts.values():
        if isinstance(host.ingress, CaddyIngress):
            files |= set(secrets_of(host.ingress.certificates))
    for process in system.processes.values():
        files |= set(process.secrets.values())
    return files | {secret for users in system.basic_auth.values() for secret in users.values()}


def public_and_unplain(system: System, on: OnStack) -> tuple[frozenset[str], frozenset[str]]:
    """Give the secrets whose value on prod is the stated one, and those a URL would escape."""
    values = {name: value.get_secret_value() for name, value in on.settings.secrets.items()}
    known = {name: text for name, text in values.items() if text != PLACEHOLDER}
    public = {
        name
        for name, secret in system.secrets.items()
        if on.stack.target == "prod" and known.get(name) == secret.dev
    }
    unplain = {name for name, text in known.items() if not _PLAIN.fullmatch(text)}
    return frozenset(public), frozenset(unplain)
