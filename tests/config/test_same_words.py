"""The program, run as by `pulumi preview`, says what `stackgraph check` says of wrong input."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.program import run
from preview.record import record
from tests.case import Case
from tests.config.wrong import CASES, EXPECTED, files, make, stack, stack_file


def configuration(case: Case) -> dict[str, Any] | None:
    """Give the configuration that Pulumi reads from the stack's file; None when it refuses it."""
    try:
        data = yaml.safe_load(files(case).get(stack_file(case), b""))
    except yaml.YAMLError:
        return None
    config = data.get("config") if isinstance(data, dict) else None
    return decrypted(config) if isinstance(config, dict) else None


def decrypted(value: Any) -> Any:
    if isinstance(value, dict):
        return (
            "a decrypted value"
            if set(value) == {"secure"}
            else {key: decrypted(item) for key, item in value.items()}
        )
    return [decrypted(item) for item in value] if isinstance(value, list) else value


RUN = [case for case in CASES if configuration(case)]


def expected(case: Case) -> list[str]:
    """Give the findings of a case, without severity and rule."""
    (text,) = (text for name, text in case.sections.items() if name.startswith(EXPECTED))
    return [re.sub(r"^error \S+ ", "", line) for line in text.splitlines()]


@pytest.mark.parametrize("case", RUN, ids=str)
def test_the_program_says_the_same(case: Case, tmp_path: Path) -> None:
    root = make(case, tmp_path)
    values = configuration(case) or {}
    config = {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
    with pytest.raises(pulumi.RunError) as caught:
        record(lambda: run(root), project="stackgraph", stack=stack(case), config=config, root=root)
    assert str(caught.value).strip("\n").splitlines() == expected(case)


def test_most_cases_are_run() -> None:
    assert len(RUN) >= len(CASES) - 6
