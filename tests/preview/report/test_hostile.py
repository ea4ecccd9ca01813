"""Whoever names a service, a value or a reason writes no Markdown, no XML and no escape codes."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from config.document import parse
from config.gate import Acceptance
from preview.gate import Verdict
from preview.gate.model import Judged
from preview.report import junit, lines, markdown, to_data
from preview.report.paste import acceptances
from preview.report.words import short, visible
from preview.risk import Risk
from tests.preview.gate.made import LOSS, TODAY, change, verdict
from tests.preview.report.hostile import hostile

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = re.compile(
    r"<!-- stackgraph gate dev -->|<details><summary>[a-z0-9 ,()]+</summary>|</details>",
    re.IGNORECASE,
)
REFERENCES = re.compile(
    r"[@#!~$%&^](?=[\w\"'{])|:[A-Za-z0-9_+-]+:|://|\bwww\.|\bGH-[0-9]", re.IGNORECASE
)


def tokens(text: str) -> list[Token]:
    return [leaf for token in PARSER.parse(text) for leaf in (token, *(token.children or ()))]


def told(risk: Risk, value: str) -> Verdict:
    """Give a verdict with the text in every place where one can stand."""
    found = verdict(
        risk,
        routine=(
            change("a", old={value: value, "b": value}, new={value: "new", "b": f"{value}\n"}),
        ),
        unclear=(f"{value}: is not known",),
    )
    judged = found.blocking[0]
    acceptance = Acceptance(
        risk=judged.digest, reason=f"because of {value}", until=TODAY, by=value or None
    )
    accepted = Judged(risk=risk, digest="0" * 12, level="block", acceptance=acceptance)
    return replace(found, accepted=(accepted,), basis=value)


def of(text: str) -> Verdict:
    return told(replace(LOSS, subject=text, fact=text, chain=(text, text)), text)


@given(hostile)
@example("</details>\n\n# a\n\n<!-- stackgraph gate prod -->")
@example("a`b``c```\n```\n")
@example("- a")
@example("1. a")
@example("===")
@example("@org/team ping https://evil.example/ and #1")
def test_markdown_holds_it_as_text(text: str) -> None:
    written = markdown([of(text)])
    assert written.startswith("<!-- stackgraph gate dev -->\n")
    assert written.count("<!--") == 1 or "<!--" in text
    found = tokens(written)
    html = [
        line
        for token in found
        if token.type in ("html_block", "html_inline")
        for line in token.content.strip().split("\n")
    ]
    assert [line for line in html if not OURS.fullmatch(line)] == []
    assert html.count("</details>") == sum(line.startswith("<details>") for line in html) == 2
    assert sum(line.startswith("<!--") for line in html) == 1
    kinds = [token.type for token in found]
    assert (
        set(kinds)
        & {
            "link_open",
            "image",
            "em_open",
            "blockquote_open",
            "hr",
            "softbreak",
            "s_open",
            "table_open",
        }
        == set()
    )
    assert kinds.count("strong_open") == 2
    assert not [t for t in found if t.type == "text" and REFERENCES.search(t.content)]
    headings = [token.content for token in found if token.type == "inline" and token.level == 1]
    assert len([h for h in headings if h in ("Data loss", "How to accept")]) == 2
    fences = [token for token in found if token.type == "fence"]
    assert [token.info for token in fences][:1] == ["yaml"]
    assert {token.info for token in fences[1:]} <= {"diff"}
    subject = short(text, 120)
    shown = visible(subject).strip()
    if shown:
        assert [t for t in found if t.type == "code_inline" and t.content == shown]
    # Reasons, risks, what was accepted and by whom, changes and what differs; two risks have two
    # links each. Nothing makes a list of its own.
    assert kinds.count("bullet_list_open") == 1 + 1 + 2 + 2
    assert sum(token.type == "ordered_list_open" for token in found) == 2
    assert not unseen(written)


@given(hostile)
def test_text_moves_no_cursor(text: str) -> None:
    for width in (None, 20, 80):
        for line in lines(of(text), width=width):
            assert not unseen(line.text)
            assert "\n" not in line.text


@given(hostile)
def test_junit_is_read_again(text: str) -> None:
    written = junit([of(text)])
    top = ET.fromstring(written.encode())
    cases = top.findall("./testsuite/testcase")
    assert len(cases) == 1 + 5 + 2
    assert [len(top.findall(f".//{kind}")) for kind in ("failure", "skipped", "error")] == [1, 1, 1]
    message = top.findall(".//failure")[0].attrib["message"]
    assert message == visible(f"{text} {text}")


@given(hostile)
def test_json_is_read_again(text: str) -> None:
    written = json.dumps(to_data([of(text)]))
    assert json.loads(written)["stacks"][0]["risks"][0]["subject"] == text


@given(st.lists(hostile, min_size=1, max_size=3))
def test_what_is_to_be_pasted_is_read_again(subjects: list[str]) -> None:
    found = [
        Judged(risk=replace(LOSS, subject=subject), digest=f"{n}0e123456789"[:12], level="block")
        for n, subject in enumerate(subjects)
    ]
    text = acceptances(found, "dev", TODAY)
    assert all(line.startswith(("  - ", "    ")) for line in text.splitlines()[1:])
    read = yaml.safe_load(text)["acceptances"]
    assert [entry["risk"] for entry in read] == [each.digest for each in found]
    assert [entry["subject"] for entry in read] == subjects
    assert [entry["subject"] for entry in parse(text, "gate.yaml").data["acceptances"]] == subjects


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\r\nc", r"a\tb\r\nc"),
        ("\x1b[2J", r"\u{1b}[2J"),
        ("\u202eabc\u200b", r"\u{202e}abc\u{200b}"),
        ("half \ud800", r"half \u{d800}"),
        ("é 🜁 日本", "é 🜁 日本"),
    ],
)
def test_what_nobody_sees_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def unseen(text: str) -> list[str]:
    found = {unicodedata.category(char): char for char in text if char != "\n"}
    return [char for kind, char in found.items() if kind in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
