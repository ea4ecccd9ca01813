"""How long it takes to judge a change: offline between two revisions, and from a preview."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import reading

PROJECT = Path(__file__).resolve().parent.parent
STACKGRAPH = Path(sys.prefix) / "bin" / "stackgraph"
SYSTEMS = ("dyniq", "vpai", "vitaravox")
STEPS = 1_000


def against_a_revision(runs: int) -> float:
    """Seconds of a whole ``plan --against`` of all three systems; both sides are run each time."""
    return statistics.median(
        _seconds("plan", *SYSTEMS, "--against", "HEAD", codes=(0,)) for _ in range(runs)
    )


def gating(runs: int) -> tuple[float, float]:
    """Seconds of a whole ``gate`` of a preview of 1,000 replaced containers, and of an empty one.

    The empty one is the command's own start.
    """
    with tempfile.TemporaryDirectory() as folder:
        full = reading.write_document(Path(folder) / "full.json", STEPS)
        empty = reading.write_document(Path(folder) / "empty.json", 0)
        pairs = [
            (_seconds("gate", str(full), codes=(1, 2)), _seconds("gate", str(empty), codes=(0, 2)))
            for _ in range(runs)
        ]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def reading_a_huge_one() -> reading.Reading:
    """Read a preview of 20,000 replaced containers."""
    with tempfile.TemporaryDirectory() as folder:
        return reading.measure(reading.write_document(Path(folder) / "huge.json"))


def _seconds(*arguments: str, codes: tuple[int, ...]) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        [STACKGRAPH, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode not in codes:
        raise RuntimeError(f"stackgraph {' '.join(arguments)}: {done.returncode}: {done.stderr}")
    return seconds
