"""A preview of 20,000 replaced containers is read in seconds, and never in memory as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.reading import FORMS, STEPS, measure

SECONDS = 15
"""Of processor time; a third of it is enough where nobody else uses the machine."""
MEGABYTES = 500
"""The document alone is larger."""


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_a_huge_preview(form: str, tmp_path: Path) -> None:
    file = FORMS[form](tmp_path / "change", STEPS)
    try:
        reading = measure(file)
    finally:
        file.unlink()
    assert reading.steps == STEPS
    assert reading.seconds < SECONDS
    assert reading.megabytes < MEGABYTES
