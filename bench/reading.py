"""How long reading a preview of 20,000 steps takes, and how much memory.

A step is one that was recorded: a container that is replaced, with both its states. As Pulumi
indents it that is 27 KB, 9 KB without the spaces.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

RECORDED = (
    Path(__file__).parents[1] / "tests/preview/fixtures/previews/3.255.0" / "yard-subnet.{form}.gz"
)
CONTAINER = "docker:index/container:Container::yard-blog-web"
STEPS = 20_000

MEASURE = """
import gc, re, sys, time
from pathlib import Path
from preview.reading import problems, read_change
gc.disable()  # as `stackgraph` does
start = time.process_time()
plan = read_change(Path(sys.argv[1]))
seconds = time.process_time() - start
assert not problems(plan), problems(plan)
# Not `ru_maxrss`, which begins with what the process had in memory that started this one.
most = re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())
print(len(plan.steps), seconds, int(most[1]) / 1024)
"""


class Reading(NamedTuple):
    """What reading a preview took."""

    steps: int
    seconds: float
    """Of processor time, which others on the machine disturb less; it waits for nothing else."""
    megabytes: float
    """The most that the process had in memory, Python and all."""


def measure(file: Path) -> Reading:
    """Read a preview in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file)], capture_output=True, text=True, check=True
    )
    steps, seconds, megabytes = done.stdout.split()
    return Reading(int(steps), float(seconds), float(megabytes))


def write_document(file: Path, steps: int = STEPS) -> Path:
    """Write what `pulumi preview --json` would for so many replaced containers."""
    (step,) = (each for each in _recorded("json")["steps"] if each["urn"].endswith(CONTAINER))
    text = json.dumps(step, indent=4).replace("\n", "\n        ")
    summary = json.dumps({"replace": steps})
    with file.open("w", encoding="utf-8") as out:
        out.write('{\n    "config": {},\n    "steps": [\n')
        for number in range(steps):
            out.write(f"        {_another(text, number)}{',' * (number < steps - 1)}\n")
        out.write(f'    ],\n    "duration": 1,\n    "changeSummary": {summary}\n}}\n')
    return file


def write_events(file: Path, steps: int = STEPS) -> Path:
    """Write an event log of so many replaced containers: every event of each."""
    lines = [line for line in _events() if f'{CONTAINER}","type"' in line]
    with file.open("w", encoding="utf-8") as out:
        for number in range(steps):
            out.writelines(_another(line, number) for line in lines)
        summary = {"resourceChanges": {"replace": steps}, "isPreview": True, "result": "succeeded"}
        out.write(json.dumps({"sequence": 1, "summaryEvent": summary}) + "\n")
    return file


def _another(text: str, number: int) -> str:
    """The same container under another name, in another network, with another id."""
    return (
        text.replace("yard-blog", f"yard-blog{number}")
        .replace("172.30.77", f"10.{number // 250}.{number % 250}")
        .replace('"id": "', f'"id": "{number:06}')
    )


def _recorded(form: str) -> Any:
    return json.loads(gzip.decompress(Path(str(RECORDED).format(form=form)).read_bytes()))


def _events() -> Iterator[str]:
    text = gzip.decompress(Path(str(RECORDED).format(form="events")).read_bytes()).decode()
    yield from text.splitlines(keepends=True)


FORMS: dict[str, Callable[[Path, int], Path]] = {
    "document": write_document,
    "event log": write_events,
}
