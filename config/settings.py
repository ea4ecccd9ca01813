"""Reads a stack's configuration into its typed model; a wrong key says how to set it right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.document import Document, read_document
from config.finding import Finding, FindingsError, one_of
from config.stack import (
    DEFAULT_DOCKER_HOST,
    NAMESPACE,
    AcmeDirectory,
    DevPorts,
    DockerHost,
    StackSettings,
    SystemSettings,
)
from config.validate import validate

KNOWN = ("target", "systems", "docker_host", "dev_ports", "acme_directory")
PLACEHOLDER = "[secret]"
"""Stands for a secret's value where none is known: in an offline plan."""


def stack_file(project: Path, stack: str) -> Path:
    """Give the file that holds a stack's configuration."""
    return project / f"Pulumi.{stack}.yaml"


def read_stack_file(project: Path, stack: str, *, display: str) -> Document:
    """Read ``Pulumi.<stack>.yaml``; an empty document when there is none."""
    file = stack_file(project, stack)
    if not file.exists():
        return Document(display, {}, {})
    document = read_document(file, display)
    _, findings = validate(dict[str, Any], document.data, document)
    if not findings:
        config = (document.data or {}).get("config")
        _, findings = validate(dict[str, Any], config, document, ("config",))
    if findings:
        raise FindingsError(findings)
    return document


def file_values(document: Document) -> dict[str, Any]:
    """Give the values of a stack file by full key; encrypted ones become placeholders."""
    values = (document.data or {}).get("config")
    return {key: _decrypted(item) for key, item in (values or {}).items()}


def _decrypted(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return PLACEHOLDER
        return {key: _decrypted(item) for key, item in value.items()}
    return [_decrypted(item) for item in value] if isinstance(value, list) else value


def read_settings(values: Mapping[str, Any], stack: str, document: Document) -> StackSettings:
    """Validate a stack's configuration, full keys to plain values.

    ``document`` gives lines to the findings; a `FindingsError` holds all of them.
    """
    reader = _Reader(stack, document)
    own = {
        key.removeprefix(f"{NAMESPACE}:"): value
        for key, value in values.items()
        if key.startswith(f"{NAMESPACE}:")
    }
    settings = reader.read(own)
    if reader.findings or settings is None:
        raise FindingsError(reader.findings)
    return settings


class _Reader:
    def __init__(self, stack: str, document: Document) -> None:
        self.stack, self.document = stack, document
        self.findings: list[Finding] = []

    def _problem(self, key: str, fact: str, remedy: str) -> None:
        at = ("config", f"{NAMESPACE}:{key}")
        self.findings.append(self.document.problem("stack-key", at, fact, remedy))

    def _set(self, key: str, value: str) -> str:
        path = "--path " if "[" in key or "." in key else ""
        return f"run pulumi config set --stack {self.stack} {path}{NAMESPACE}:{key} {value}"

    def read(self, own: dict[str, Any]) -> StackSettings | None:
        target = own.get("target")
        if target not in ("dev", "prod"):
            fact = "key is missing" if target is None else f"{target!r} is neither dev nor prod"
            self._problem("target", fact, self._set("target", "dev"))
        systems = own.get("systems")
        valid = isinstance(systems, list) and all(isinstance(name, str) for name in systems)
        if not valid or not systems:
            fact = "key is missing" if systems is None else "it is not a list of system names"
            self._problem("systems", fact, self._set("'systems[0]'", "NAME"))
            systems = []
        names = [str(name).rstrip("/").rpartition("/")[2] for name in systems or []]
        self._unknown(own, names)
        ports = self._part(DevPorts, own.get("dev_ports"), "dev_ports")
        per_system = {
            name: self._part(SystemSettings, own[name], name) for name in names if name in own
        }
        docker = self._part(DockerHost, own.get("docker_host", DEFAULT_DOCKER_HOST), "docker_host")
        acme = own.get("acme_directory")
        if acme is not None:
            acme = self._part(AcmeDirectory, acme, "acme_directory")
        if self.findings or target not in ("dev", "prod"):
            return None
        return StackSettings(
            name=self.stack,
            target=target,
            systems=tuple(systems or ()),
            docker_host=docker,
            dev_ports=ports,
            acme_directory=acme,
            per_system=per_system,
        )

    def _part(self, model: Any, value: Any, key: str) -> Any:
        at = ("config", f"{NAMESPACE}:{key}")
        part, findings = validate(model, value, self.document, at, confidential=True)
        self.findings += findings
        return part

    def _unknown(self, own: Mapping[str, Any], systems: list[str]) -> None:
        for key in own:
            if key not in KNOWN and key not in systems:
                hint = one_of(key, [*KNOWN, *systems])
                remedy = f"{hint}; run pulumi config rm --stack {self.stack} {NAMESPACE}:{key}"
                self._problem(key, f"unknown key {key!r}", remedy)
