"""Markdown: what stands in a text or a table is only text."""

from __future__ import annotations

import pytest

from render.markdown import Cell, Code, cell, code, heading, link, mermaid, section, table, text


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("plain, text: a/b (c) 1.5", "plain, text: a/b (c) 1.5"),
        ("a|b", "a\\|b"),
        ("two\nlines\r\n  and a\tspace", "two lines and a space"),
        ("`code`", "\\`code\\`"),
        ("back\\slash", "back\\\\slash"),
        ("*a* ~~b~~ [c](d)", "\\*a\\* \\~\\~b\\~\\~ \\[c\\](d)"),
        ("snake_case and _this_", "snake_case and \\_this\\_"),
        ("<b> & &lt;", "&lt;b&gt; &amp; &amp;lt;"),
        ("# no heading", "\\# no heading"),
        ("## no heading", "\\## no heading"),
        ("1. no list", "1\\. no list"),
        ("- no list", "\\- no list"),
        ("---", "\\---"),
        ("-1 and #1 and +1", "-1 and #1 and +1"),
        ("1.5", "1.5"),
        ("", ""),
    ],
)
def test_text(given: str, written: str) -> None:
    assert text(given) == written


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("a|b", "`a|b`"),
        ("a`b", "``a`b``"),
        ("a``b`c", "```a``b`c```"),
        ("`a`", "`` `a` ``"),
        ("a\nb", "`a b`"),
        ("*<>_\\", "`*<>_\\`"),
        ("", ""),
    ],
)
def test_code(given: str, written: str) -> None:
    assert code(given) == written


def test_cells() -> None:
    assert cell("a|b") == "a\\|b"
    assert cell(Code("a|b")) == "`a\\|b`"
    assert cell(["a", Code("b"), "", ["c", "d"]]) == "a, `b`, c, d"
    assert cell([]) == ""


def test_table() -> None:
    rows: list[tuple[Cell, ...]] = [("a", "", "x|y", ""), ("b", "", "", Code("|"))]
    assert table(("One", "Two", "Three", "Four"), rows) == (
        "| One | Three | Four |\n"
        "| --- | --- | --- |\n"
        "| a | x\\|y | |\n"  # a column with nothing in it is left out
        "| b | | `\\|` |"
    )


def test_nothing_makes_nothing() -> None:
    assert table(("One",), []) == ""
    assert section(2, "Title") == ""
    assert section(2, "Title", "", "") == ""
    assert mermaid("") == ""


def test_pieces() -> None:
    assert heading(3, "a|*b*") == "### a\\|\\*b\\*"
    assert link("a_b [c]", "../x.md") == "[a_b \\[c\\]](../x.md)"
    assert mermaid("graph LR\n    a\n") == "```mermaid\ngraph LR\n    a\n```"
    assert section(2, "Title", "", "one", "two") == "## Title\n\none\n\ntwo"
