"""``make bench``: every number that the README claims, each as a ratio within one run.

Machines are noisy: two things are measured in turn, and the median of the ratios is told.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import edge, hosts, previews, routes
from bench.register import bare_program, our_program
from bench.scale import write_project

PROJECT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
RUNS = 7

CHECK = "import sys; sys.argv = ['stackgraph', 'check', 'dyniq']; from cli.app import main; main()"
CHECK_ALL = "import sys; sys.argv = ['stackgraph', 'check']; from cli.app import main; main()"
LIBRARIES = "import pydantic, typer, yaml"
PROGRAM_IMPORTS = "import components.program, sys; print('\\n'.join(sys.modules))"
CLOUD_SDKS = ("pulumi_aws", "pulumi_cloudflare", "pulumi_hcloud", "pulumi_oci")


def main() -> int:
    """Measure everything; 1 when something misses its target."""
    measures = (
        *(check_speed, check_scale, rendering, local_imports, registering),
        *(comparing, gating, reading_previews, proxying, on_hosts),
    )
    missed = [not measure() for measure in measures]
    return 1 if any(missed) else 0


def check_speed() -> bool:
    """``stackgraph check dyniq``, less the bare interpreter, against importing its libraries."""
    ratios, seconds = [], []
    for _ in range(RUNS):
        nothing = _process("pass")
        libraries = _process(LIBRARIES) - nothing
        check = _process(CHECK) - nothing
        seconds.append(check)
        ratios.append(check / libraries)
    median = statistics.median(seconds)
    return _tell(
        "check of all of DYNIQ after the interpreter is up",
        f"{median:.2f} s, {statistics.median(ratios):.2f} times importing pydantic, typer, yaml",
        "under 0.5 s",
        good=median < 0.5,
    )


def check_scale() -> bool:
    """``stackgraph check`` of a thousand services, and of two thousand."""
    with tempfile.TemporaryDirectory() as folder:
        sizes = [(20, 10), (1000, 500), (2000, 1000)]
        projects = [
            write_project(Path(folder) / str(services), services=services, routes=routes)
            for services, routes in sizes
        ]
        seconds = [[_process(CHECK_ALL, project) for project in projects] for _ in range(RUNS)]
    whole = statistics.median(once for _, once, _ in seconds)
    # What does not grow, such as the imports, would hide how the rest does.
    growth = statistics.median((twice - least) / (once - least) for least, once, twice in seconds)
    return _tell(
        "check of 1,000 services and 500 routes, the whole command; twice the size",
        f"{whole:.2f} s; {growth:.2f} times",
        "under 1 s; at most 2.3 times",
        good=whole < 1 and growth <= 2.3,
    )


def rendering() -> bool:
    """A Caddyfile of a thousand routes."""
    with tempfile.TemporaryDirectory() as folder:
        graph, ingress = routes.a_thousand(Path(folder))
        median = statistics.median(routes.seconds(graph, ingress) for _ in range(RUNS))
    return _tell(
        f"rendering a Caddyfile of {routes.ROUTES:,} routes",
        f"{median:.3f} s",
        "under 0.2 s",
        good=median < 0.2,
    )


def local_imports() -> bool:
    """Modules that the program of a local stack imports: no cloud's SDK among them."""
    done = subprocess.run(
        [PYTHON, "-c", PROGRAM_IMPORTS], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    modules = {name.partition(".")[0] for name in done.stdout.split()}
    found = sorted(modules & set(CLOUD_SDKS))
    shown = ", ".join(found) or "none"
    return _tell("cloud SDKs that a local stack imports", shown, "none", good=not found)


def registering() -> bool:
    """Registering DYNIQ against the bare SDK calls for the same resources, in turn."""
    ours, resources = our_program(PROJECT)
    bare = bare_program(resources)
    ours(), bare()
    ratios = [_seconds(ours) / _seconds(bare) for _ in range(2 * RUNS)]
    median = statistics.median(ratios)
    return _tell(
        f"registering DYNIQ's {len(resources)} resources, against bare SDK calls",
        f"{median:.2f} times",
        "at most 1.10 times",
        good=median <= 1.10,
    )


def comparing() -> bool:
    """``stackgraph plan --against`` of all three systems: two revisions, each run whole."""
    seconds = previews.against_a_revision(RUNS)
    return _tell(
        "plan of DYNIQ, VPAI and VitaraVox against another revision, the whole command",
        f"{seconds:.1f} s",
        "under 5 s",
        good=seconds < 5,
    )


def gating() -> bool:
    """``stackgraph gate`` of a preview of a thousand replaced containers."""
    whole, start = previews.gating(RUNS)
    return _tell(
        f"gate on a preview of {previews.STEPS:,} steps, the whole command",
        f"{whole:.2f} s, of which {start:.2f} s for an empty one",
        "under 1 s",
        good=whole < 1,
    )


def reading_previews() -> bool:
    """A preview of twenty thousand replaced containers, half a gigabyte of JSON."""
    found = previews.reading_a_huge_one()
    return _tell(
        f"reading a preview of {found.steps:,} steps, in processor time",
        f"{found.seconds:.1f} s, {found.megabytes:.0f} MB",
        "under 5 s and 500 MB",
        good=found.seconds < 5 and found.megabytes < 500,
    )


def proxying() -> bool:
    """Requests through the generated Caddyfile, against the least that one writes by hand."""
    if (problem := edge.problem()) is not None:
        print(f"---  requests through Caddy: not measured: {problem}")
        return True
    found = edge.measure()
    return all(
        (
            _tell(
                "requests a second through the generated Caddyfile, against one by hand",
                f"{found.rate:.2f} times ({found.requests:.0f}/s); p99 {found.p99:.2f} times",
                "at least 0.95 times; at most 1.05 times",
                good=found.rate >= 0.95 and found.p99 <= 1.05,
            ),
            _tell(
                "requests lost over four reloads, a new connection each",
                f"{found.lost} of {found.asked}",
                "none",
                good=found.lost == 0,
            ),
        )
    )


def on_hosts() -> bool:
    """Changing nothing on test hosts, against the bare provider; setting up two, against one."""
    if (problem := hosts.problem()) is not None:
        print(f"---  deploys to test hosts: not measured: {problem}")
        return True
    found = hosts.measure()
    more = (found.ours - found.bare) / 2
    return all(
        (
            _tell(
                "an `up` that changes nothing, a host, over the bare provider's",
                f"{more:.2f} s ({found.ours:.1f} s and {found.bare:.1f} s for two hosts)",
                "under 1 s",
                good=more < 1,
            ),
            _tell(
                "SSH connections a host of an `up` that changes nothing",
                str(found.connections),
                "at most 1",
                good=found.connections <= 1,
            ),
            _tell(
                "setting up two hosts, against one",
                f"{found.first_of_two / found.first_of_one:.2f} times "
                f"({found.first_of_one:.0f} s for one)",
                "at most 1.6 times",
                good=found.first_of_two / found.first_of_one <= 1.6,
            ),
        )
    )


def _process(code: str, folder: Path = PROJECT) -> float:
    started = time.perf_counter()
    subprocess.run([PYTHON, "-c", code], cwd=folder, capture_output=True, check=True)
    return time.perf_counter() - started


def _seconds(action: Callable[[], None]) -> float:
    # The processor's time, not the clock's: somebody else's work does not count.
    started = time.process_time()
    action()
    return time.process_time() - started


def _tell(what: str, measured: str, target: str, *, good: bool) -> bool:
    print(f"{'ok  ' if good else 'MISS'} {what}: {measured} (target: {target})")
    return good


if __name__ == "__main__":
    sys.exit(main())
