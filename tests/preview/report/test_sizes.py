"""Reports of changes that are too long to show: what is left out is said, and it is quick."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

import pytest

from preview.change import Change, Operation
from preview.gate import Verdict, judge
from preview.report import junit, lines, markdown, to_data
from preview.report.markdown import LIMIT
from preview.report.terminal import MOST_PASTED
from preview.risk import Family, Risk
from tests.preview.gate.made import DOWN, LOSS, TODAY, assessment, change, policy, verdict
from tests.preview.report.hostile import FRAGMENTS

HOSTILE = "".join(FRAGMENTS) * 9
GITHUB = 65_536


def risks(count: int, subject: str = "app", **more: Any) -> list[Risk]:
    return [
        replace(LOSS, subject=f"{subject}/{n:05}", family=list(Family)[n % 6], **more)
        for n in range(count)
    ]


def changes(count: int, text: str = "value") -> tuple[Change, ...]:
    return tuple(
        change(
            f"r{n:05}", Operation.UPDATE, old={"a": text, "b": f"{n}\n"}, new={"a": n, "b": "\n"}
        )
        for n in range(count)
    )


def left_out(text: str) -> list[int]:
    return [
        int(number) for number in re.findall(r"([0-9]+)(?: risks?)? more (?:is|are) left", text)
    ]


@pytest.mark.parametrize(
    ("count", "long"),
    [(1, "x"), (5000, "x"), *((n, text) for n in (1, 30, 200) for text in ("x" * 2000, HOSTILE))],
)
def test_a_comment_is_never_too_long(count: int, long: str) -> None:
    found = verdict(
        *risks(count, fact=f"goes {long}", chain=(long,) * 40),
        routine=changes(count, long),
        unclear=tuple(f"{n} {long}" for n in range(count)),
    )
    text = markdown([found])
    assert len(text.encode()) <= LIMIT < GITHUB
    assert text.count("<details>") == text.count("</details>")
    assert len(re.findall(r"^`{3,}", text, re.MULTILINE)) % 2 == 0
    for title in ("Why it cannot be told", "Data loss", "How to accept", "routine change"):
        assert title in text


def test_what_is_left_out_is_said() -> None:
    text = markdown([verdict(*risks(5000), routine=changes(5000))])
    blocks = text.count("**blocks**")
    out = left_out(text)
    assert blocks + sum(out[:6]) == 5000
    changed = text.count("- updated:")
    assert changed + out[-1] == 5000
    assert changed > 10
    assert re.search(rf"{5000 - text.count('  - risk:')} more are left out", text)


def test_nothing_is_left_out_of_what_is_short() -> None:
    text = markdown([verdict(*risks(30), routine=changes(30))])
    assert left_out(text) == []
    assert text.count("**blocks**") == text.count("  - risk:") == text.count("- updated:") == 30


def test_many_stacks_share_a_comment() -> None:
    found = [verdict(*risks(500), stack=f"stack{n}", routine=changes(500)) for n in range(8)]
    text = markdown(found)
    assert len(text.encode()) <= LIMIT
    assert text.startswith("<!-- stackgraph gate stack0 stack1 stack2 ")
    assert all(f"## stackgraph gate, `stack{n}`: needs acceptance" in text for n in range(8))
    many = markdown([verdict(LOSS, stack=f"stack{n}") for n in range(2000)])
    assert len(many.encode()) <= LIMIT


def test_other_reports_leave_nothing_out() -> None:
    found = verdict(*risks(5000), routine=changes(5000))
    assert len(to_data([found])["stacks"][0]["risks"]) == 5000
    assert junit([found]).count("<failure") == 5000
    told = [line.text for line in lines(found)]
    assert sum(text.startswith("  blocks:") for text in told) == 5000
    assert sum("- risk:" in text for text in told) == MOST_PASTED
    assert f"  and {5000 - MOST_PASTED} more, which --report markdown=FILE has" in told


def test_lines_fit_into_a_narrow_terminal() -> None:
    found = verdict(DOWN, *risks(3, fact="loses its data " * 9), routine=changes(3))
    for width in (40, 60, 100):
        told = [line.text for line in lines(found, width=width)]
        assert max(map(len, told)) <= width
    assert max(len(line.text) for line in lines(found, width=1)) <= 40


@pytest.mark.slow
def test_twenty_thousand_changes_take_no_time() -> None:
    many = assessment(*risks(5000), routine=changes(20_000, "line\n" * 900))
    start = time.process_time()
    found: Verdict = judge(many, policy(), TODAY)
    for report in (markdown, junit, to_data):
        report([found])
    lines(found, width=80)
    assert time.process_time() - start < 3
