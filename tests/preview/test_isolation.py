"""No run leaves anything behind for the next one or for the caller."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import pulumi
import pytest
from pulumi import Output
from pulumi.runtime import settings
from pulumi.runtime.config import CONFIG

from preview.value import UNKNOWN
from tests.preview.programs import Box, run, small, wide


def test_runs_know_nothing_of_each_other() -> None:
    def reads() -> None:
        for key in ("greeting", "password", "fresh"):
            pulumi.export(key, pulumi.Config().get(key))

    first = run(reads)
    second = run(reads, config={"small:fresh": "x"}, secret_keys=())
    assert second.outputs == {"fresh": "x"}
    assert run(reads) == first
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 // 0)
    assert run(reads) == first
    other = run(lambda: pulumi.export("stack", pulumi.get_stack()), project="p", stack="s")
    assert other.outputs == {"stack": "s"}
    assert [each.urn for each in other.resources] == ["urn:pulumi:s::p::pulumi:pulumi:Stack::p-s"]


def test_the_environment_adds_no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", '{"small:key": "leaked"}')
    monkeypatch.setenv("PULUMI_CONFIG_SMALL_KEY", "leaked")
    monkeypatch.setenv("PULUMI_ENABLE_LEGACY_APPLY", "true")

    def program() -> None:
        pulumi.export("key", pulumi.Config().get("key"))
        # An engine gives a component no outputs back; "legacy apply" would make them up.
        pulumi.export("input", vars(Box("box", {"input": "x"}))["input"])

    assert run(program).outputs == {"input": UNKNOWN}


def state_of_the_process() -> dict[str, object]:
    hidden = "_ContextProperty__default"
    return {
        "settings": {
            name: getattr(settings.SETTINGS, name)
            for name in ("project", "stack", "organization", "monitor", "engine", "dry_run")
        },
        "defaults": {
            name: id(getattr(each, hidden))
            for name, each in vars(settings.Settings).items()
            if hasattr(each, hidden)
        },
        "root": settings.get_root_resource(),
        "config": dict(CONFIG.get()),
        "gc": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        "threads": threading.active_count(),
        "directory": Path.cwd(),
        "environment": dict(os.environ),
    }


@pytest.mark.parametrize("fails", [False, True])
def test_the_process_is_as_before(fails: bool) -> None:
    def program() -> None:
        small()
        if fails:
            raise pulumi.RunError("no")

    seen: dict[str, object] = {}

    def look() -> None:
        seen["elsewhere"] = state_of_the_process()

    before = state_of_the_process()
    if fails:
        with pytest.raises(pulumi.RunError):
            run(program)
    else:
        run(program)
    assert state_of_the_process() == before
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    elsewhere = seen["elsewhere"]
    assert isinstance(elsewhere, dict)
    assert elsewhere["settings"]["monitor"] is None


@pytest.mark.parametrize("on", [True, False])
def test_the_garbage_collector_rests_and_is_left_as_it_was(on: bool) -> None:
    seen: list[bool] = []
    (gc.enable if on else gc.disable)()
    try:
        run(lambda: seen.append(gc.isenabled()))
        assert seen == [False]
        assert gc.isenabled() is on
    finally:
        gc.enable()


def test_hooks_leave_no_server_behind() -> None:
    before = threading.active_count()
    for _ in range(3):
        run(wide)
    assert threading.active_count() <= before + 1  # gRPC's own thread, one for the process


def test_a_recording_can_be_made_inside_an_event_loop() -> None:
    async def main() -> str:
        return run(lambda: Box("it")).one("it").name

    assert asyncio.run(main()) == "it"


def test_recordings_of_several_threads_dont_mix() -> None:
    found: dict[str, list[str]] = {}

    def one(project: str) -> None:
        for _ in range(5):
            recording = run(lambda: Box(project), project=project)
            found.setdefault(project, []).extend(each.urn for each in recording.resources)

    threads = [threading.Thread(target=one, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, urns in found.items():
        assert len(urns) == 10
        assert all(each.startswith(f"urn:pulumi:dev::{name}::") for each in urns)


def test_a_recorded_program_cant_record() -> None:
    with pytest.raises(RuntimeError, match="don't nest"):
        run(lambda: run(lambda: None))


def test_outputs_that_are_never_used_are_waited_for() -> None:
    seen: list[str] = []

    def program() -> None:
        async def slow() -> str:
            for _ in range(100):
                await asyncio.sleep(0)
            await asyncio.sleep(0.01)
            return "done"

        Output.all(slow()).apply(seen.extend)

    run(program)
    assert seen == ["done"]


def test_an_asynchronous_program_is_awaited() -> None:
    def program() -> None:
        async def main() -> dict[str, str]:
            await asyncio.sleep(0)
            Box("late")
            return {"a": "b"}

        pulumi.run(main)

    recording = run(program)
    assert recording.one("late").parent == recording.resources[0].urn
    assert recording.outputs == {"a": "b"}


SEEDED = """
import random, json, warnings
from pulumi import Output, ResourceOptions
from preview.document import to_json
from preview.plan import Plan
from preview.value import UNKNOWN
from tests.preview.programs import Box, command, run

def program():
    pick, made = random.Random(7), []
    for number in range(120):
        boxes = [each for each in made if isinstance(each, Box)]
        commands = [each for each in made if not isinstance(each, Box)]
        parent = pick.choice([None, *boxes])
        if pick.random() < 0.3:
            made.append(Box(f"box-{number}", opts=ResourceOptions(parent=parent)))
            continue
        uses = pick.sample(commands, min(len(commands), pick.randint(0, 5)))
        text = Output.all(*[each.create for each in uses]).apply("".join) if uses else "x"
        options = ResourceOptions(parent=parent, depends_on=uses[:2])
        made.append(command(f"command-{number}", options, create=text, triggers=[text]))

print(json.dumps(to_json(Plan.of(run(program)))))
"""


def test_the_order_doesnt_depend_on_hashes(project: Path) -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SEEDED],
            cwd=project,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(project), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert "command-119" in outputs.pop()
