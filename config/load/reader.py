"""A system's directory, read: its ``system.yaml``, the stack's settings of it, its applications."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from config.compose.model import ComposeFile
from config.document import Document, read_document
from config.finding import Finding, FindingsError
from config.load.files import FileReader
from config.load.loaded import LoadedApp, LoadedSystem
from config.load.on_stack import OnStack
from config.load.partial import readable
from config.load.settings_check import check_settings
from config.load.values import Noting, public_and_unplain, secrets_in_files, variables_of
from config.stack import StackSettings
from config.system import App, System
from config.text import Value, interpolate_tree
from config.validate import validate

SYSTEM_FILE = "system.yaml"


class SystemReader:
    """Reads one system for a stack; notes findings, and the names that could not be read.

    Files are named relative to ``relative_to`` where they lie below it.
    """

    def __init__(self, directory: Path, stack: StackSettings, relative_to: Path) -> None:
        self.directory = directory
        self.name = directory.resolve().name
        self.stack = stack
        self.relative_to = relative_to
        self.findings: list[Finding] = []
        self.unreadable: set[str] = set()

    def read(self) -> LoadedSystem:
        """Read what can be read; a `FindingsError` where ``system.yaml`` is no YAML at all."""
        file = self.directory / SYSTEM_FILE
        document = read_document(file, self.display(file))
        on = OnStack(name=self.name, document=document, stack=self.stack)
        system, findings = validate(System, document.data, document)
        self.findings += findings
        if system is None:
            system, unreadable = readable(System, on.raw, document, {"hosts": {}})
            self.unreadable |= unreadable
        values, findings = variables_of(system, on)
        self.findings += findings
        self.findings += check_settings(system, on)
        variables = Noting(values)
        apps = {}
        for key, app in system.apps.items():
            loaded = self._app(key, app, document, variables)
            if loaded is None:
                self.unreadable.add(key)
            else:
                apps[key] = loaded
        public, unplain = public_and_unplain(system, on)
        return LoadedSystem(
            name=self.name,
            document=document,
            system=system,
            apps=apps,
            unreadable=frozenset(self.unreadable),
            used=frozenset(variables.used | secrets_in_files(apps.values(), system)),
            public=public,
            unplain=unplain,
        )

    def display(self, file: Path) -> str:
        """Name a file relative to the project where it lies in it."""
        try:
            return file.resolve().relative_to(self.relative_to.resolve()).as_posix()
        except ValueError:
            return str(file)

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
            compose, unreadable = readable(ComposeFile, data, document, {"services": {}})
            self.unreadable |= unreadable
        reader = FileReader(file.parent, document, variables, self.display)
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
        self.findings += reader.findings
        return LoadedApp(
            key=key,
            app=app,
            document=document,
            compose=compose,
            configs=configs,
            env=env,
            builds=builds,
        )


def _unless_interpolated(problems: list[Finding], findings: list[Finding]) -> list[Finding]:
    # A value whose variable is missing is already reported; that it is empty now is no news.
    reported = {finding.source for finding in findings}
    return [problem for problem in problems if problem.source not in reported]
