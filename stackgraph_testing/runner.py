"""What the fixture `stackgraph` gives: it runs systems and programs, each in a fresh context."""

from __future__ import annotations

import inspect
import json
import runpy
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cli.project import PROJECT_FILE, Project, today
from config.document import read_document
from config.finding import FindingsError, one_of
from config.load import secret_values
from config.placeholders import declared_secrets, fill_secrets
from config.stack import NAMESPACE, SYSTEMS_DIRECTORY
from graph.judge import Judgement, judge
from stackgraph_testing.expected import Expected, expect_error
from stackgraph_testing.run import Classes, ProgramRun, SystemRun

if TYPE_CHECKING:
    from config.stack import StackSettings
    from preview.monitor import Answer
    from preview.record import Recording
    from stackgraph_testing.known import Outputs

_KEPT: Final = 16
"""Runs of systems that are remembered."""


class Stackgraph:
    """Runs systems and Pulumi programs as a first preview would: no engine, no host, no account.

    Each run is alone: of its stack, its configuration and its failure nothing is left for the next.
    """

    def __init__(self, folder: Path, *, nearest: bool = True) -> None:
        self._project = Project.find(folder) if nearest else Project(root=folder)
        self._kept: list[tuple[tuple[object, ...], SystemRun]] = []

    @property
    def root(self) -> Path:
        """The project: the folder of Pulumi.yaml and systems/."""
        return self._project.root

    def system(
        self,
        *systems: str | Path,
        stack: str = "dev",
        config: Mapping[str, object] | None = None,
        secrets: Mapping[str, str] | None = None,
        answers: Mapping[str, Answer] | None = None,
        outputs: Outputs | None = None,
    ) -> SystemRun:
        """Run systems on a stack. Whoever asks the same of the same files gets the same run.

        Args:
            systems: Names under `systems/`, or paths of directories with a `system.yaml`, from the
                project's root; without any, those that the stack lists.
            stack: A stack of the project; `dev` and `prod` need no file.
            config: Configuration over that of `Pulumi.<stack>.yaml`, by keys with or without
                `stackgraph:`. What is a mapping in both is merged, and `None` takes a key away.
            secrets: Values of secrets, by name. Without one, a secret has its `dev` value on dev,
                and on other stacks a placeholder that tells its name.
            answers: By token, what functions of providers return; the program's own are `UNKNOWN`.
            outputs: By type token, from a resource's inputs to its outputs; others are unknown.

        Raises:
            FindingsError: What `stackgraph check` says; see `expect_error`.
            DuplicateNamesError: Two containers, networks or volumes would have one name.
            LookupError: None of the systems declares a secret that is given.
        """
        __tracebackhide__ = True
        from components.instance import LOOKUPS
        from preview.value import UNKNOWN

        project, names = self._project_of(systems)
        values = project.values(stack, names)[1]
        _merge(values, config or {}, NAMESPACE)
        _give(values, secrets or {}, project.settings_of(stack, values).directories(project.root))
        fill_secrets(project.root, values, _placeholder)
        settings = project.settings_of(stack, values)
        judgement = judge(
            settings.directories(project.root), settings, relative_to=project.root, today=today()
        )
        try:
            judgement.accepted()
        except FindingsError as error:
            # Raised here, so that pytest shows the test and the findings, and nothing between.
            raise FindingsError(error.findings) from None
        answers = {**dict.fromkeys(LOOKUPS, UNKNOWN), **(answers or {})}
        # The graph holds all that the files say, so it tells whether they are the same.
        key = (project.root, stack, judgement.graph, values, answers, outputs)
        for kept, run in self._kept:
            if kept == key:
                return run
        run = _run_system(project, stack, values, judgement, settings, answers, outputs)
        self._kept = [(key, run), *self._kept[: _KEPT - 1]]
        return run

    def program(
        self,
        program: Callable[[], object] | Path,
        *,
        stack: str = "dev",
        project: str = "project",
        config: Mapping[str, object] | None = None,
        secrets: Mapping[str, str] | None = None,
        answers: Mapping[str, Answer] | None = None,
        outputs: Outputs | None = None,
        root: Path | None = None,
    ) -> ProgramRun:
        """Run a Pulumi program: a function that declares resources.

        Args:
            program: A function, called once, whatever it returns; or a file such as `__main__.py`,
                from the project's root, which is run as Pulumi runs it.
            stack: The stack's name.
            project: The project's name.
            config: Configuration, by keys with or without `project:`. What is no text becomes JSON.
            secrets: Configuration that is secret.
            answers: By token, what functions of providers return: a result, `UNKNOWN`, or a
                function of their arguments. A call without an answer is an error.
            outputs: By type token, from a resource's inputs to its outputs and `id`. What isn't
                given is unknown, as in a first preview, and applies on it don't run.
            root: Where relative paths of assets start; the project's root, if not given.

        Raises:
            pulumi.RunError: The program says that something is wrong, or does what no preview
                accepts, such as two resources of one URN; see `expect_error`.
            DuplicateNamesError: Two containers, networks or volumes would have one name.
            Exception: Whatever else the program raises, as it is.
        """
        __tracebackhide__ = True
        values: dict[str, object] = {}
        _merge(values, {**(config or {}), **(secrets or {})}, project)
        hidden = {_full(key, project) for key in secrets or {}}
        recording, classes = _record(
            _file(self.root / program) if isinstance(program, Path) else program,
            project=project,
            stack=stack,
            config=_texts(values),
            secret_keys=hidden,
            answers=answers,
            outputs=outputs,
            root=root or self.root,
        )
        return ProgramRun(recording, classes, secrets or {})

    def expect_error(
        self,
        fact: str = "",
        *,
        file: str | None = None,
        line: int | None = None,
        rule: str | None = None,
    ) -> AbstractContextManager[Expected]:
        """See that the system or program that is run within is refused.

        Args:
            fact: Words of the finding, or of the program's error.
            file: The file that the finding is in, or the end of its path.
            line: Its line.
            rule: The rule that found it, as `stackgraph rules` lists them.

        Raises:
            AssertionError: Nothing was refused, or something else; it says what.
        """
        return expect_error(fact, file=file, line=line, rule=rule)

    def _project_of(self, systems: Sequence[str | Path]) -> tuple[Project, list[str]]:
        """The project of systems, and their names there. A path may lead to another project."""
        project, names = self._project, []
        for system in systems:
            path = self.root / system
            if isinstance(system, Path) or "/" in system:
                project = Project.find(path.resolve())
                own = path.resolve().parent == project.root.resolve() / SYSTEMS_DIRECTORY
                names.append(path.name if own else str(path))
            else:
                names.append(system)
        return project, names


def _run_system(
    project: Project,
    stack: str,
    values: Mapping[str, object],
    judgement: Judgement,
    settings: StackSettings,
    answers: Mapping[str, Answer],
    outputs: Outputs | None,
) -> SystemRun:
    from components.program import run

    known = {
        name: value.get_secret_value()
        for loaded in judgement.systems
        for name, value in secret_values(loaded, settings).items()
    }
    own = {f"{NAMESPACE}:{loaded.name}" for loaded in judgement.systems if loaded.system.secrets}
    recording, classes = _record(
        lambda: run(project.root),
        project=_name(project),
        stack=stack,
        config=_texts(values),
        secret_keys=own & values.keys(),
        answers=answers,
        outputs=outputs,
        root=project.root,
    )
    return SystemRun(recording, classes, known, judgement.graph, judgement.findings)


def _record(
    program: Callable[[], object], outputs: Outputs | None, **settings: Any
) -> tuple[Recording, Classes]:
    """Record a program, and the classes that it constructs."""
    __tracebackhide__ = True
    import pulumi

    from preview.record import record
    from stackgraph_testing.known import Known

    classes: Classes = {}

    def note(made: pulumi.ResourceTransformationArgs) -> None:
        classes[made.type_, made.name] = type(made.resource)

    def noting() -> None:
        # A transformation that changes nothing: the SDK shows it each resource.
        pulumi.runtime.register_stack_transformation(note)
        if inspect.iscoroutine(returned := program()):
            returned.close()
            raise TypeError("the program is a coroutine function; give one that isn't async")

    existing = Known(outputs) if outputs else None
    return record(noting, existing=existing, **settings), classes


def _file(path: Path) -> Callable[[], object]:
    return lambda: runpy.run_path(str(path), run_name="__main__")


def _full(key: str, namespace: str) -> str:
    return key if ":" in key else f"{namespace}:{key}"


def _merge(values: dict[str, object], more: Mapping[str, object], namespace: str) -> None:
    """Lay configuration over other; `None` takes away what is there."""
    over = {_full(key, namespace): value for key, value in more.items()}
    merged = _merged(values, over)
    values.clear()
    values.update(merged)


def _merged(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, object]:
    found = dict(old)
    for key, value in new.items():
        before = found.pop(key, None)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            found[key] = _merged(before, value)
        elif value is not None:
            found[key] = value
    return found


def _give(
    values: dict[str, object], secrets: Mapping[str, str], directories: Sequence[Path]
) -> None:
    """Set secrets in the settings of those systems that declare them."""
    declared = {directory.name: declared_secrets(directory) for directory in directories}
    everyone = {name for names in declared.values() for name in names}
    for name, value in secrets.items():
        if name not in everyone:
            raise LookupError(f"no system declares the secret {name!r}; {one_of(name, everyone)}")
        for system, names in declared.items():
            if name in names:
                _merge(values, {system: {"secrets": {name: value}}}, NAMESPACE)


def _placeholder(name: str) -> str:
    # Plain in a URL, and different for each, so that a test sees which one is told.
    return f"value-of-{name}"


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    """Configuration as Pulumi keeps it: texts, and JSON for the rest."""
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}


def _name(project: Project) -> str:
    file = project.root / PROJECT_FILE
    data = read_document(file, PROJECT_FILE).data if file.is_file() else {}
    return str(data.get("name", NAMESPACE)) if isinstance(data, dict) else NAMESPACE
