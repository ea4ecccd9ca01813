"""Texts that somebody might name a service, so that a report does something with them."""

from __future__ import annotations

from hypothesis import strategies as st

FRAGMENTS = (
    *("</details>", "<details>", "</summary>", "<!--", "-->", "<img src=x>", "<script>", "</"),
    *("`", "``", "```", "```\n", "~~~", "*", "**", "_", "~~", "|", "\\", "&lt;", "&#60;", "&"),
    *("@everyone", "@org/team", "#1", "GH-12", "org/repo#3", "!5", "~bug", "%1", ":tada:", "$x$"),
    *("[a](b)", "![a](b)", "[a]: b", "https://evil.example/", "www.evil.example", "a@evil.example"),
    *("\n", "\n\n", "\r", "\t", "\x1b[31m", "\x00", "\u202e", "\u200b", "\ufffe", "\x85"),
    *(
        "# a",
        "- a",
        "1. a",
        "> a",
        "---",
        "===",
        "+ a",
        "1) a",
        "- [ ] a",
        "| a | b |\n|---|---|",
        "mailto:a@b.example",
        "    a",
        " ",
        "]]>",
        "<testcase>",
        '"',
        "'",
        "é",
        "🜁",
    ),
)
hostile = st.lists(
    st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=5)), min_size=1, max_size=8
).map("".join)
