"""Cutting a comment: never past the limit, folds and code blocks closed, and it says so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scripts.ci.markdown import fitted, stack_of, stamp_of, stamped

_LINES = st.sampled_from(
    ["text 🚨 " * 20, "<details><summary>s</summary>", "</details>", "```text", "```", "~~~~", ""]
)


@given(st.lists(_LINES, min_size=1, max_size=400))
def test_what_is_cut_fits_and_closes_what_it_opened(lines: list[str]) -> None:
    limit = 6000
    text = "\n".join(["<!-- stackgraph gate prod -->", *lines])
    found = fitted(text, limit, "the log")
    assert len(found.encode("utf-16-le")) // 2 <= limit
    if found == text:
        return
    assert found.startswith("<!-- stackgraph gate prod -->\n")
    assert found.endswith("The whole is in the log.\n")
    fence = ""
    folds = 0
    for line in found.split("\n"):
        if fence:
            fence = "" if line.startswith(fence) and not line.strip("`~") else fence
        elif line.startswith(("```", "~~~")):
            fence = line.removesuffix("text")
        else:
            folds = max(folds + line.count("<details") - line.count("</details>"), -400)
    assert fence == ""


def test_a_stamp_is_read_only_where_it_is_written() -> None:
    text = stamped("<!-- stackgraph gate prod -->\nreport\n", "preview", "a" * 40)
    assert (stack_of(text), stamp_of(text)) == ("prod", ("preview", "a" * 40))
    assert stamp_of("<!-- stackgraph gate prod -->\n" + "x" * 500 + text) is None
