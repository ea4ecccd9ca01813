"""Runs a Pulumi program with no engine, and tells what it registers."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import pulumi.runtime.config
from pulumi._utils import ContextProperty
from pulumi.runtime.settings import SETTINGS, Settings
from pulumi.runtime.stack import run_in_stack

from preview.existing import Existing
from preview.garbage import garbage_left_alone
from preview.log import Engine, Message
from preview.monitor import Answer, Invocation, Monitor
from preview.order import as_declared, declarations
from preview.resource import Resource
from preview.value import Secret, Value

T = TypeVar("T")

_INSIDE: Final = contextvars.ContextVar("inside a recording", default=False)
_ONE_AT_A_TIME: Final = threading.Lock()
_QUIET_TURNS: Final = 20  # of the event loop, without an output more or less


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a program asked of the engine that wasn't there."""

    project: str
    stack: str
    config: Mapping[str, str | Secret]
    """The configuration that it was given, by full keys."""
    resources: tuple[Resource, ...]
    """In the order of construction: parents and dependencies come first."""
    outputs: Mapping[str, Value]
    """The stack's outputs."""
    messages: tuple[Message, ...] = ()
    invocations: tuple[Invocation, ...] = ()

    def one(self, name: str, type_: str | None = None) -> Resource:
        """The only resource of this name, and type when one is given.

        Raises:
            LookupError: There is none, or several.
        """
        found = [
            resource
            for resource in self.resources
            if resource.name == name and type_ in (None, resource.type)
        ]
        if len(found) != 1:
            among = [each.urn for each in found] or sorted({each.name for each in self.resources})
            raise LookupError(f"{len(found)} resources are named {name!r}; there are {among}")
        return found[0]


def record(
    program: Callable[[], None],
    *,
    project: str,
    stack: str,
    config: Mapping[str, str] | None = None,
    secret_keys: Collection[str] = (),
    organization: str = "organization",
    root: Path | None = None,
    answers: Mapping[str, Answer] | None = None,
    existing: Existing | None = None,
) -> Recording:
    """Run a program as a first preview would, and record what it registers.

    Nothing else of the process changes: settings, configuration, event loop and garbage collector
    are as they were. One program runs at a time; other threads wait.

    Args:
        program: Registers the resources; what `__main__.py` does.
        project: The project's name.
        stack: The stack's name.
        config: Configuration by full keys (`project:key`). The environment adds nothing to it.
        secret_keys: Those of its keys that are secrets.
        organization: The stack's organization; this is the one of backends without accounts.
        root: The directory of Pulumi.yaml, where paths of assets start; where we are, if not given.
        answers: By token, what functions of providers return.
        existing: What is there already; nothing, if not given.

    Raises:
        pulumi.RunError: Raised by the program.
        RecordingError: The program does what no preview accepts or what can't be recorded.
        Exception: Anything else that the program raises, as it is.
    """
    if _INSIDE.get():
        raise RuntimeError("record() was called by a program that is being recorded; don't nest")
    config = dict(config or {})
    root = (root or Path.cwd()).resolve()
    monitor = Monitor(
        project=project,
        stack=stack,
        config=config,
        root=root,
        answers=answers or {},
        existing=existing,
    )
    engine = Engine(config[key] for key in secret_keys if key in config)

    def configure() -> None:
        _INSIDE.set(True)
        # The constructor is what sets the settings: it assigns context variables.
        Settings(
            project=project,
            stack=stack,
            organization=organization,
            root_directory=str(root),
            monitor=monitor,
            engine=engine,
            dry_run=True,
            legacy_apply_enabled=False,
        )
        pulumi.runtime.config.CONFIG.set(_OnlyThis(config))
        pulumi.runtime.config._SECRET_KEYS.set(set(secret_keys))

    with _ONE_AT_A_TIME, _sdk_defaults_kept(), garbage_left_alone(), declarations() as declared:
        _in_own_thread(lambda: _run(program, configure))

    resources = as_declared(monitor.resources(), declared)
    return Recording(
        project=project,
        stack=stack,
        config={
            key: Secret(config[key]) if key in secret_keys else config[key]
            for key in sorted(config)
        },
        resources=resources,
        outputs=resources[0].outputs or {},
        messages=tuple(engine.messages),
        invocations=tuple(monitor.invocations),
    )


class _OnlyThis(dict[str, str]):
    """Configuration that claims to have every key, so that the SDK never asks the environment."""

    def __contains__(self, _key: object) -> bool:
        return True

    def __missing__(self, _key: str) -> None:
        return None


class _InPlace(ThreadPoolExecutor):
    """Runs calls at once, where they are made.

    The SDK sends every request from a pool thread. With threads the order of the requests would
    depend on the scheduler's mood; without, it depends on the program alone.
    """

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 — it is what the future is for
            future.set_exception(error)
        return future


async def _settled(program: Callable[[], None]) -> None:
    """Run the program, then let go on what it started.

    The SDK would wait for it too, but looks at every unfinished output again whenever one is done:
    a third of the time of a program with a thousand resources. After this, nothing is left to wait
    for. It only saves time: should something still be busy, the SDK does wait.
    """
    program()
    unfinished, unchanged = -1, 0
    while unchanged < _QUIET_TURNS:
        await asyncio.sleep(0)
        before, unfinished = unfinished, len(SETTINGS.outputs)
        unchanged = unchanged + 1 if unfinished == before else 0


def _run(program: Callable[[], None], configure: Callable[[], None]) -> None:
    context = contextvars.Context()
    context.run(configure)
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        loop.set_default_executor(_InPlace(max_workers=1))
        # When a program fails, the SDK leaves futures behind whose errors nobody asked for. The
        # error that matters is raised; the rest is noise on standard error.
        loop.set_exception_handler(lambda _loop, _context: None)
        runner.run(run_in_stack(lambda: _settled(program)), context=context)


def _in_own_thread(function: Callable[[], None]) -> None:
    """Call it where there is no event loop, no context and no deep stack, whoever calls.

    The SDK takes the whole stack for each resource, so a shallow one is also the faster one.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="recording") as thread:
        thread.submit(function).result()


@contextmanager
def _sdk_defaults_kept() -> Iterator[None]:
    """Undo what the SDK keeps outside of contexts.

    Setting a `ContextProperty` for the first time in a context also makes the value its default in
    every other context; so the next program, or an innocent thread, would find our monitor.
    """
    hidden = "_ContextProperty__default"
    properties = [each for each in vars(Settings).values() if isinstance(each, ContextProperty)]
    defaults = [getattr(each, hidden) for each in properties]
    try:
        yield
    finally:
        for each, default in zip(properties, defaults, strict=True):
            setattr(each, hidden, default)
