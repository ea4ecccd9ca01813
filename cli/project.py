"""Where the command works: the project, the systems it is asked about, the stack's settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from config.document import Document, read_document
from config.finding import Finding, FindingsError, Severity, Source, one_of
from config.load import SYSTEM_FILE
from config.settings import file_values, read_settings, read_stack_file
from config.stack import NAMESPACE, SYSTEMS_DIRECTORY, StackSettings
from graph.judge import Judgement, judge
from graph.model import StackGraph
from graph.platforms import Ask
from graph.rules import RULES

PROJECT_FILE = "Pulumi.yaml"


def today() -> date:
    """Give the day, in UTC, by which waivers end."""
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder with a Pulumi program, or whatever folder the command was called in."""

    root: Path

    @staticmethod
    def find(start: Path) -> Project:
        """Give the nearest folder with a ``Pulumi.yaml`` at or above ``start``, or ``start``."""
        for folder in (start, *start.parents):
            if (folder / PROJECT_FILE).is_file():
                return Project(root=folder)
        return Project(root=start)

    @property
    def name(self) -> str:
        """The project's name, which every URN has; the program's own where no file says it."""
        file = self.root / PROJECT_FILE
        data = read_document(file, PROJECT_FILE).data if file.is_file() else None
        name = data.get("name") if isinstance(data, dict) else None
        return name if isinstance(name, str) else NAMESPACE

    def settings(self, stack: str, systems: Sequence[str] = ()) -> StackSettings:
        """Read a stack's settings; the named systems, if any, stand in for the stack's own."""
        return self.settings_of(stack, self.values(stack, systems)[1])

    def settings_of(self, stack: str, values: Mapping[str, object]) -> StackSettings:
        """Validate values, by full key, as a stack's settings."""
        document = read_stack_file(self.root, stack, display=f"Pulumi.{stack}.yaml")
        return read_settings(values, stack, document)

    def values(self, stack: str, systems: Sequence[str] = ()) -> tuple[Document, dict[str, object]]:
        """Give a stack's file and its values by full key, with ``systems`` in their place."""
        document = read_stack_file(self.root, stack, display=f"Pulumi.{stack}.yaml")
        values = file_values(document)
        if stack in ("dev", "prod"):
            values.setdefault(f"{NAMESPACE}:target", stack)
        elif stack not in self.stacks():
            fact, remedy = f"there is no stack {stack!r}", one_of(stack, self.stacks())
            source = Source(document.file, 1, "")
            raise FindingsError([Finding(rule="file", source=source, fact=fact, remedy=remedy)])
        if systems:
            configured = values.get(f"{NAMESPACE}:systems") or []
            chosen = [self.system_path(name) for name in systems]
            kept = {name.rpartition("/")[2] for name in chosen}
            for name in configured if isinstance(configured, list) else []:
                # Another system's settings would be unknown keys of this smaller stack.
                if str(name).rpartition("/")[2] not in kept:
                    values.pop(f"{NAMESPACE}:{name}", None)
            values[f"{NAMESPACE}:systems"] = chosen
        return document, values

    def system_path(self, name: str) -> str:
        """Give a SYSTEM argument as settings name it: a name under ``systems/``, or a path."""
        if (self.root / SYSTEMS_DIRECTORY / name / SYSTEM_FILE).is_file() and "/" not in name:
            return name
        path = Path(name).resolve()
        if (path / SYSTEM_FILE).is_file():
            return str(path)
        if "/" in name or name == ".":
            fact = f"{name} holds no {SYSTEM_FILE}"
            remedy = "name a directory that does"
        else:
            fact = f"there is no system {name!r}"
            remedy = one_of(name, self.systems())
        source = Source(name, 1, "")
        raise FindingsError([Finding(rule="file", source=source, fact=fact, remedy=remedy)])

    def stacks(self) -> list[str]:
        """List the stacks of the project: those that have a file."""
        return sorted(file.name.split(".")[1] for file in self.root.glob("Pulumi.*.yaml"))

    def systems(self) -> list[str]:
        """List the systems of the project."""
        found = (self.root / SYSTEMS_DIRECTORY).glob(f"*/{SYSTEM_FILE}")
        return sorted(file.parent.name for file in found)

    def judge(
        self,
        stack: str,
        systems: Sequence[str] = (),
        day: date | None = None,
        *,
        ask: Ask | None = None,
    ) -> Judgement:
        """Judge a stack's systems, or the named ones; waivers as they hold today, or on a day.

        ``ask`` what registries know of the images.
        """
        settings = self.settings(stack, systems)
        directories = settings.directories(self.root)
        return judge(directories, settings, relative_to=self.root, today=day or today(), ask=ask)

    def readable(
        self, stack: str, systems: Sequence[str] = (), day: date | None = None
    ) -> Judgement:
        """Judge systems whose files could be read, whatever the rules say of them.

        A `FindingsError` tells what could not be read. What only a stack configures may be
        missing: it decides nothing that a drawing shows.
        """
        judgement = self.judge(stack, systems, day)
        of_the_graph = {rule.id for rule in RULES}
        _raise(
            finding
            for finding in judgement.findings
            if finding.rule not in of_the_graph
            and not finding.rule.startswith(("stack-", "waiver-"))
        )
        return judgement

    def graph(self, stack: str, systems: Sequence[str] = ()) -> StackGraph:
        """Give the graph of systems whose files could be read: see `readable`."""
        return self.readable(stack, systems).graph

    def deployable(self, stack: str, systems: Sequence[str] = ()) -> StackGraph:
        """Give the graph of systems that a deploy would take; secrets may have no value yet."""
        judgement = self.judge(stack, systems)
        _raise(finding for finding in judgement.findings if finding.rule != "stack-secret")
        return judgement.graph


def _raise(findings: Iterable[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise FindingsError(errors)
