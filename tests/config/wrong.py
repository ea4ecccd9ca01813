"""The cases of wrong input in bad_input/, and how their projects are made."""

from __future__ import annotations

from pathlib import Path

from tests.case import Case, cases
from tests.workspace import SHOP, place, shop

EXPECTED = "exit "
NO_FILE = b"(no file)\n"
CASES = cases(Path(__file__).parent / "bad_input")


def stack(case: Case) -> str:
    """Give the stack that a case is about."""
    return case.options.get("stack", "dev")


def stack_file(case: Case) -> str:
    """Give the name of the file with the stack's configuration."""
    return f"Pulumi.{stack(case)}.yaml"


def files(case: Case) -> dict[str, bytes]:
    """Give the whole project of a case: the shop with the case's files in place of its own."""
    given = {place(name): content for name, content in case.inputs(EXPECTED)}
    all_ = {**{name: text.encode() for name, text in SHOP.items()}, **given}
    return {name: content for name, content in all_.items() if content != NO_FILE}


def make(case: Case, root: Path) -> Path:
    """Write the project of a case."""
    shop(root, files(case))
    for name in SHOP:
        if name not in files(case):
            (root / name).unlink()
    return root
