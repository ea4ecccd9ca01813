"""Whole reports."""

from __future__ import annotations

import json

import pytest

from preview.gate import Outcome
from preview.report import junit, lines, markdown, to_data
from tests.preview.report.sample import golden, samples

NAMES = list(samples())


def test_there_is_one_of_each_outcome() -> None:
    assert {verdict.outcome for verdict in samples().values()} == set(Outcome)


@pytest.mark.parametrize("name", NAMES)
def test_markdown(name: str, update_golden: bool) -> None:
    golden(f"{name}.md", markdown([samples()[name]]), update=update_golden)


@pytest.mark.parametrize("name", NAMES)
def test_text(name: str, update_golden: bool) -> None:
    told = "".join(f"{line.tone:8}|{line.text}\n" for line in lines(samples()[name]))
    golden(f"{name}.txt", told, update=update_golden)


@pytest.mark.parametrize("name", NAMES)
def test_junit(name: str, update_golden: bool) -> None:
    golden(f"{name}.xml", junit([samples()[name]]), update=update_golden)


@pytest.mark.parametrize("name", NAMES)
def test_json(name: str, update_golden: bool) -> None:
    text = json.dumps(to_data([samples()[name]]), indent=2) + "\n"
    golden(f"{name}.json", text, update=update_golden)
