"""The loader: from a directory with a ``system.yaml`` to typed models, all problems at once."""

from __future__ import annotations

import hashlib
import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, SecretStr

from config.certificates import secrets_of
from config.cloud import Ec2Settings, OciSettings
from config.compose.model import Build, ComposeFile, Service
from config.document import Document, read_document, read_text
from config.dotenv import parse_dotenv
from config.finding import Finding, FindingsError
from config.host import CaddyIngress, Host
from config.settings import PLACEHOLDER
from config.stack import NAMESPACE, StackSettings
from config.system import STAND_IN_REGISTRY, App, System, Variable
from config.text import SecretRef, Template, Value, interpolate_tree
from config.validate import validate
from config.zone import Zone

SYSTEM_FILE = "system.yaml"
_PLAIN = re.compile(r"[A-Za-z0-9._~-]*")
"""What stands for itself in every part of a URL (RFC 3986, 2.3)."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedApp:
    """A Compose application as read: its models, and what its files hold.

    ``configs`` are the contents of its configs, ``env`` what each service's env_file sets,
    ``builds`` the context directory and content hash of each built image.
    """

    key: str
    app: App
    document: Document
    compose: ComposeFile
    configs: Mapping[str, str]
    env: Mapping[str, Mapping[str, str | Template]]
    builds: Mapping[str, BuildContext]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """The directory an image is made from, and a hash of all that decides the image."""

    directory: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSystem:
    """A system as read: its name (the directory's), its model, its applications.

    ``unreadable`` are names that the files declare and that could not be read; ``used`` the
    variables and secrets that some file uses. Of secrets' values it tells only which are the
    ``public`` ones of the dev stack where they should not be, and which are ``unplain``: a URL
    would need them escaped.
    """

    name: str
    document: Document
    system: System
    apps: Mapping[str, LoadedApp]
    unreadable: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    public: frozenset[str] = frozenset()
    unplain: frozenset[str] = frozenset()


class _Noting(Mapping[str, Value]):
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


def load_systems(
    directories: Iterable[Path], settings: StackSettings, *, relative_to: Path
) -> tuple[LoadedSystem, ...]:
    """Load several systems; a `FindingsError` with the problems of all of them."""
    loaded, findings = read_systems(directories, settings, relative_to=relative_to)
    if findings:
        raise FindingsError(findings)
    return loaded


def read_systems(
    directories: Iterable[Path], settings: StackSettings, *, relative_to: Path
) -> tuple[tuple[LoadedSystem, ...], list[Finding]]:
    """Read what can be read of several systems, and tell every problem.

    With problems, a system may lack what was wrong, whose names are its ``unreadable`` ones: good
    for judging the rest, not for a deploy. Files are named in findings relative to
    ``relative_to`` where they lie below it.
    """
    loaded: list[LoadedSystem] = []
    findings: list[Finding] = []
    for directory in directories:
        reader = _SystemReader(directory, settings, relative_to)
        try:
            loaded.append(reader.read())
        except FindingsError as error:
            findings += error.findings
        findings += reader.findings
    return tuple(loaded), findings


def secret_values(loaded: LoadedSystem, settings: StackSettings) -> dict[str, SecretStr]:
    """Give the value of each secret on a stack: the configured one, on dev else the stated one."""
    stated: dict[str, SecretStr] = {}
    if settings.target == "dev":
        stated = {name: SecretStr(item.dev) for name, item in loaded.system.secrets.items()}
    return {**stated, **settings.of(loaded.name).secrets}


class _SystemReader:
    def __init__(self, directory: Path, settings: StackSettings, relative_to: Path) -> None:
        self.directory = directory
        self.name = directory.resolve().name
        self.stack = settings
        self.settings = settings.of(self.name)
        self.relative_to = relative_to
        self.findings: list[Finding] = []
        self.unreadable: set[str] = set()

    def read(self) -> LoadedSystem:
        file = self.directory / SYSTEM_FILE
        document = read_document(file, self.display(file))
        system, findings = validate(System, document.data, document)
        self.findings += findings
        raw = document.data if isinstance(document.data, dict) else {}
        # What is broken must not hide what else is wrong.
        if system is None:
            system = self._readable(System, raw, document, {"hosts": {}})
        variables = _Noting(self._variables(document, raw, system))
        self._check_settings(document, raw, system)
        apps = {key: self._app(key, app, document, variables) for key, app in system.apps.items()}
        self.unreadable |= {key for key, app in apps.items() if app is None}
        return LoadedSystem(
            name=self.name,
            document=document,
            system=system,
            apps={key: app for key, app in apps.items() if app is not None},
            unreadable=frozenset(self.unreadable),
            used=frozenset(variables.used | _secrets_in_files(apps.values(), system)),
            **self._told_of_secrets(system),
        )

    def _told_of_secrets(self, system: System) -> dict[str, frozenset[str]]:
        values = {name: value.get_secret_value() for name, value in self.settings.secrets.items()}
        known = {name: text for name, text in values.items() if text != PLACEHOLDER}
        public = {
            name
            for name, secret in system.secrets.items()
            if self.stack.target == "prod" and known.get(name) == secret.dev
        }
        unplain = {name for name, text in known.items() if not _PLAIN.fullmatch(text)}
        return {"public": frozenset(public), "unplain": frozenset(unplain)}

    def display(self, file: Path) -> str:
        """Name a file relative to the project where it lies in it."""
        try:
            return file.resolve().relative_to(self.relative_to.resolve()).as_posix()
        except ValueError:
            return str(file)

    def _readable(
        self, model: type[M], raw: Mapping[str, Any], document: Document, least: dict[str, Any]
    ) -> M:
        """Read a model entry by entry: what is wrong is left out, its names noted."""
        empty, _ = validate(model, least, document)
        assert empty is not None  # noqa: S101 - what `least` is for
        sections: dict[str, Any] = {}
        for section in sorted(set(raw) & set(model.model_fields)):
            if not isinstance(raw[section], dict | list):
                continue
            if getattr(empty, section) is None:
                read, _ = validate(model, {**least, section: raw[section]}, document)
                sections[section] = getattr(read, section) if read else None
                continue
            merged: dict[str, Any] | list[Any] = {}
            if isinstance(getattr(empty, section), tuple):
                merged = []
            for key, alone in _one_by_one(raw[section]):
                read, _ = validate(model, {**least, section: alone}, document)
                if read is None and key:
                    self.unreadable.add(str(key))
                if isinstance(merged, list):
                    # None keeps the place of what is wrong, so that the others keep their lines.
                    merged += getattr(read, section) if read else (None,)
                elif read is not None:
                    merged |= getattr(read, section)
            sections[section] = tuple(merged) if isinstance(merged, list) else merged
        return empty.model_copy(update=sections)

    # Variables and secrets

    def _variables(
        self, document: Document, raw: Mapping[str, Any], system: System
    ) -> dict[str, Value]:
        declared, secrets = system.variables, system.secrets
        values: dict[str, Value] = {}
        # Declared, if wrongly: using it is no second mistake.
        if isinstance(raw.get("variables"), dict):
            values.update(dict.fromkeys(raw["variables"], ""))
        if isinstance(raw.get("secrets"), dict):
            values.update({name: SecretRef(name) for name in raw["secrets"]})
        for name, variable in declared.items():
            value = self._variable(name, variable)
            if value is None:
                at = ("variables", name)
                fact = f"variable {name} has no value on stack {self.stack.name}"
                remedy = f"run {self.set_command('variables', name)}"
                self.findings.append(document.problem("stack-value", at, fact, remedy))
            else:
                values[name] = value
        for name in secrets:
            values[name] = SecretRef(name)
            if name in declared:
                fact = f"{name} is declared as a variable and as a secret"
                at = ("secrets", name)
                self.findings.append(document.problem("schema", at, fact, "keep one of the two"))
            if self.stack.target == "prod" and name not in self.settings.secrets:
                fact = f"secret {name} has no value on stack {self.stack.name}"
                remedy = f"run {self.set_command('secrets', name, secret=True)}"
                at = ("secrets", name)
                self.findings.append(document.problem("stack-secret", at, fact, remedy))
        return values

    def _variable(self, name: str, variable: Variable) -> str | None:
        configured = self.settings.variables.get(name)
        if configured is not None:
            return configured
        if self.stack.target == "dev":
            if variable.dev is not None:
                return variable.dev
            if variable.stand_in:
                return f"{STAND_IN_REGISTRY}/{name.lower().replace('_', '-')}:dev"
        return variable.default

    def _check_settings(self, document: Document, raw: Mapping[str, Any], system: System) -> None:
        hosts = raw.get("hosts")
        if self.stack.target == "prod" and isinstance(hosts, dict):
            for name in hosts:
                self._check_host(document, name, hosts[name])
                self._check_cloud(document, name, hosts[name], system.hosts.get(name))
        if self.stack.target == "prod":
            for name, zone in system.zones.items():
                self._check_zone(document, name, zone)
        for section in ("variables", "secrets", "hosts", "zones"):
            declared = raw.get(section)
            names = declared if isinstance(declared, dict) else {}
            for name in getattr(self.settings, section):
                if name not in names:
                    fact = f"stack {self.stack.name} configures {section}.{name}, declared nowhere"
                    path = f"{self.name}.{section}.{name}"
                    remedy = (
                        f"declare it under {section}, or run pulumi config rm "
                        f"--stack {self.stack.name} --path '{NAMESPACE}:{path}'"
                    )
                    self.findings.append(document.problem("stack-key", (section,), fact, remedy))

    def _check_host(self, document: Document, name: str, raw: object) -> None:
        ours = not (isinstance(raw, dict) and raw.get("managed_by"))
        settings = self.settings.hosts.get(name)
        given = settings.model_fields_set if settings else frozenset()
        cloud = settings.cloud if settings else None
        # The cloud tells the address, and what is made there gets its host key from us.
        needed = {"address": cloud is None, "host_key": ours and not (cloud and cloud.creates)}
        missing = [key for key, is_needed in needed.items() if is_needed and key not in given]
        if missing:
            what = " and ".join(key.replace("_", " ") for key in missing)
            fact = f"host {name} has no {what} on stack {self.stack.name}"
            commands = [self.set_command("hosts", f"{name}.{key}") for key in missing]
            remedy = f"run {' and '.join(commands)}"
            kind = raw.get("kind") if isinstance(raw, dict) else None
            if "address" in missing and kind in ("ec2", "oci"):
                remedy += f"; or configure hosts.{name}.{kind}, and it is made there"
            at = ("hosts", name)
            self.findings.append(document.problem("stack-value", at, fact, remedy))

    def _check_zone(self, document: Document, name: str, zone: Zone) -> None:
        """Tell where a zone has no id or account, or settings that nothing needs."""
        settings, stack = self.settings.zones.get(name), self.stack.name

        def problem(rule: str, fact: str, remedy: str) -> None:
            self.findings.append(document.problem(rule, ("zones", name), fact, remedy))

        def command(key: str, verb: Literal["set", "rm"] = "set") -> str:
            return self.set_command("zones", f'["{name}"]{key}', verb=verb)

        if zone.provider == "external":
            if settings is not None:
                fact = f"zone {name} is written by others, and stack {stack} has settings of it"
                problem("stack-key", fact, f"run {command('', 'rm')}")
        elif zone.create and (settings is None or settings.account is None):
            fact = f"zone {name} has no account on stack {stack} to be made in"
            problem("stack-value", fact, f"run {command('.account')} ID")
        elif settings is None:
            fact = f"zone {name} has neither id nor account on stack {stack}"
            remedy = f"run {command('.zone_id')} ID, or {command('.account')} ID to look it up"
            problem("stack-value", fact, remedy)
        elif zone.create and settings.zone_id is not None:
            fact = f"zone {name} is to be made, and stack {stack} has the id of one that is there"
            problem("stack-key", fact, f"remove create, or run {command('.zone_id', 'rm')}")

    def _check_cloud(self, document: Document, name: str, raw: object, host: Host | None) -> None:
        """Tell where a host and its settings at a cloud contradict each other."""
        settings = self.settings.hosts.get(name)
        if settings is None or settings.cloud is None or not isinstance(raw, dict):
            return
        cloud, stack = settings.cloud, self.stack.name
        kind = "ec2" if settings.ec2 else "oci"

        def problem(fact: str, remedy: str) -> None:
            self.findings.append(document.problem("stack-key", ("hosts", name), fact, remedy))

        def unset(key: str) -> str:
            return f"run {self.set_command('hosts', f'{name}.{key}', verb='rm')}"

        for key in ("ec2", "oci"):
            if getattr(settings, key) and raw.get("kind") != key:
                fact = (
                    f"host {name} is of kind {raw.get('kind')}, and stack {stack} has {key} of it"
                )
                problem(fact, f"{unset(key)}, or write kind: {key}")
        if settings.address:
            fact = f"host {name} has an address on stack {stack}, and {kind} gives it one, too"
            problem(fact, unset("address"))
        if cloud.creates and raw.get("managed_by"):
            fact = f"host {name} is managed by others, and stack {stack} has it made at {kind}"
            command = self.set_command("hosts", f"{name}.{kind}.instance")
            problem(fact, f"{unset(kind)}, and {command} to read theirs")
        elif cloud.creates and settings.host_key is not None:
            fact = f"host {name} has a host key on stack {stack}, and it gets one when it is made"
            problem(fact, unset("host_key"))
        for key, fact, fitting in _misfits(cloud, host) if raw.get("kind") == kind else ():
            command = self.set_command("hosts", f"{name}.{kind}.{key}")
            problem(f"host {name} {fact}", f"run {command} {fitting}, or change the host")

    def set_command(
        self,
        section: str,
        name: str,
        *,
        secret: bool = False,
        verb: Literal["set", "rm"] = "set",
    ) -> str:
        """Give the command that configures a value of this system on this stack, or removes it."""
        flag = "--secret " if secret else ""
        dot = "" if name.startswith("[") else "."
        path = f"{NAMESPACE}:{self.name}.{section}{dot}{name}"
        return f"pulumi config {verb} --stack {self.stack.name} {flag}--path '{path}'"

    # Applications

    def _app(
        self, key: str, app: App, system: Document, variables: Mapping[str, Value]
    ) -> LoadedApp | None:
        file = self.directory / app.compose
        try:
            document = read_document(
                file, self.display(file), system.where(("apps", key, "compose"))
            )
        except FindingsError as error:
            self.findings += error.findings
            return None
        data, findings = interpolate_tree(document, document.data, variables)
        compose, problems = validate(ComposeFile, data, document)
        self.findings += findings + _unless_interpolated(problems, findings)
        if compose is None:
            if not isinstance(data, dict) or not isinstance(data.get("services"), dict):
                return None
            compose = self._readable(ComposeFile, data, document, {"services": {}})
        reader = _FileReader(self, file.parent, document, variables)
        configs = {
            name: config.content
            if config.content is not None
            else reader.text(config.file or "", ("configs", name, "file"))
            for name, config in compose.configs.items()
        }
        env = {name: reader.env(name, service) for name, service in compose.services.items()}
        builds = {
            name: reader.build(name, service.build)
            for name, service in compose.services.items()
            if service.build is not None
        }
        return LoadedApp(
            key=key,
            app=app,
            document=document,
            compose=compose,
            configs=configs,
            env=env,
            builds=builds,
        )


def _misfits(cloud: Ec2Settings | OciSettings, host: Host | None) -> Iterator[tuple[str, str, str]]:
    if host is None:
        return
    if isinstance(cloud, Ec2Settings):
        yield from cloud.misfits(host.platform)
    else:
        yield from cloud.misfits(host.platform, host.cpus, host.memory)


class _FileReader:
    """Reads the files that a compose file names, relative to itself."""

    def __init__(
        self,
        system: _SystemReader,
        base: Path,
        document: Document,
        variables: Mapping[str, Value],
    ) -> None:
        self.system, self.base = system, base
        self.document, self.variables = document, variables

    def text(self, name: str, at: tuple[str | int, ...]) -> str:
        file = self.base / name
        try:
            return read_text(file, self.system.display(file), self.document.where(at))
        except FindingsError as error:
            self.system.findings += error.findings
            return ""

    def env(self, name: str, service: Service) -> dict[str, str | Template]:
        values: dict[str, str | Template] = {}
        variables = ChainMap[str, Value](self.variables, service.environment)  # type: ignore[arg-type]
        for index, reference in enumerate(service.env_file):
            file = self.base / reference.path
            if not reference.required and not file.exists():
                continue
            at = ("services", name, "env_file", index)
            text = self.text(reference.path, at)
            try:
                values |= parse_dotenv(text, self.system.display(file), variables)
            except FindingsError as error:
                self.system.findings += error.findings
        return values

    def build(self, name: str, build: Build) -> BuildContext:
        directory = self.base / build.context
        at = ("services", name, "build", "context")
        if not directory.is_dir():
            shown = self.system.display(directory)
            self.system.findings.append(
                self.document.problem(
                    "file", at, f"build context {shown} is not a directory", "correct the path"
                )
            )
            return BuildContext(directory="", digest="")
        # Relative to the project, where the program runs: the same on every machine that deploys.
        shown = self.system.display(directory)
        return BuildContext(directory=shown, digest=_digest(directory, build))


def _secrets_in_files(apps: Iterable[LoadedApp | None], system: System) -> set[str]:
    files = {s.environment for app in apps if app for s in app.compose.secrets.values()}
    for host in system.hosts.values():
        if isinstance(host.ingress, CaddyIngress):
            files |= set(secrets_of(host.ingress.certificates))
    for process in system.processes.values():
        files |= set(process.secrets.values())
    return files | {secret for users in system.basic_auth.values() for secret in users.values()}


def _one_by_one(entries: object) -> Iterable[tuple[Any, Any]]:
    """Split a section into sections of one entry each, with its key."""
    if isinstance(entries, dict):
        return [(key, {key: entry}) for key, entry in entries.items()]
    if isinstance(entries, list):
        return [(entry if isinstance(entry, str) else "", [entry]) for entry in entries]
    return []


def _digest(directory: Path, build: Build) -> str:
    # Names, kinds and contents in a fixed order: the same context gives the same tag anywhere.
    digest = hashlib.sha256(build.model_dump_json().encode())
    for file in sorted(directory.rglob("*")):
        if file.is_file():
            name = PurePosixPath(file.relative_to(directory)).as_posix()
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            executable = bool(file.stat().st_mode & 0o100)
            digest.update(f"{name}\0{executable}\0{content}\n".encode())
    return digest.hexdigest()[:16]


def _unless_interpolated(problems: list[Finding], findings: list[Finding]) -> list[Finding]:
    # A value whose variable is missing is already reported; that it is empty now is no news.
    reported = {finding.source for finding in findings}
    return [problem for problem in problems if problem.source not in reported]
