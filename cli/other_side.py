"""Runs another revision's program, and writes what it registers: a process of its own.

    python -P other_side.py < REQUEST

Two revisions can't be loaded into one process: their modules have the same names. Of this
revision's code only the package `preview` and the stand-ins are used here; all else is the other's,
or this one's where the other has none. The request, on standard input, is JSON: `here` and `there`
(the two projects' folders), `stand_ins` (a file), `answer` (a file descriptor), and what
`record.record` is called with. The answer is JSON: `resources`, or `error`. What the program prints
goes to standard error.
"""

from __future__ import annotations

import importlib.util
import json
import os
import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any


def main() -> None:
    """Answer the request."""
    request = json.load(sys.stdin)
    with os.fdopen(request["answer"], "w", encoding="utf-8") as answer:
        os.dup2(2, 1)
        json.dump(_answer(request), answer)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    here, there = Path(request["here"]), Path(request["there"])
    _load("preview", here / "preview" / "__init__.py")
    stand_ins = _load("stackgraph_stand_ins", Path(request["stand_ins"]))
    sys.path[:] = [str(there), *(each for each in sys.path if each != str(here)), str(here)]
    import pulumi

    from preview.against.transport import pack
    from preview.existing import Settled
    from preview.record import record
    from preview.value import UNKNOWN

    class Answers(dict[str, Any]):
        """Of functions that this revision doesn't call any more, nobody knows the answer."""

        def __contains__(self, _token: object) -> bool:
            return True

        def __missing__(self, _token: str) -> Any:
            return UNKNOWN

    try:
        recording = record(
            lambda: _run(there, request["program"]),
            project=request["project"],
            stack=request["stack"],
            config=request["config"],
            secret_keys=request["secret_keys"],
            root=there,
            answers=Answers(stand_ins.ANSWERS),
            existing=Settled(stand_ins.STAND_INS),
        )
    except pulumi.RunError as error:
        return {"error": str(error).strip()}
    except Exception as error:  # noqa: BLE001 — whatever it is, it is the other revision's own
        return {"error": f"{type(error).__name__}: {error}"}
    return {"resources": pack(recording.resources)}


def _run(there: Path, program: str | None) -> None:
    if program is not None:
        runpy.run_path(str(there / program), run_name="stackgraph_plan")
        return
    from components.program import run  # type: ignore[import-not-found,unused-ignore]

    run(there)


def _load(name: str, file: Path) -> ModuleType:
    """Load a module of this revision, whatever the other has of that name."""
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"no module {name} in {file}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
