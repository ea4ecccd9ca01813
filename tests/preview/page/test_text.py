"""Texts in the page: escaped, visible, and short enough for their place."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview.page.text import el, shortened, shown, width


class _Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(), st.text())
def test_any_text_stays_text(text: str, attribute: str) -> None:
    element = el("p", text, el("b"), text, title=attribute)
    found = _Reader(ET.tostring(element, encoding="unicode", method="html"))
    assert found.tags == ["p", "b"]
    assert found.attributes == [("title", shown(attribute))]
    assert found.text == shown(text) * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\tb", "a\n\tb"),
        ("safe\u202eevil", "safe\\u{202e}evil"),
        ("a\u2028b\x00", "a\\u{2028}b\\u{0}"),
        ("\ud800", "\\u{d800}"),
        ("größe 日本", "größe 日本"),
    ],
)
def test_nothing_is_unseen(text: str, expected: str) -> None:
    assert shown(text) == expected


@given(st.text(max_size=60), st.floats(min_value=3, max_value=30))
def test_shortened_texts_fit(text: str, room: float) -> None:
    short = shortened(text, room)
    assert width(short) <= room or len(short) <= 3
    assert short == text or ("…" in short and len(short) < len(text) + 1)


def test_both_ends_stay() -> None:
    assert shortened("clickhouse-server:25.8.33.6-alpine", 10) == "clickhou…6-alpine"
