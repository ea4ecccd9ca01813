"""YAML with positions: what is read, on which line it stands, and that nothing else happens."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.document import Document, format_path, parse
from config.finding import FindingsError

TEXT = """\
# a comment
a:
  b: [1, two,
    {c: 3}]
"quoted key": &anchor
  d: 4

e:
  <<: *anchor
  f: >
    folded
    text
g: *anchor
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 2),
        (("a",), 2),
        (("a", "b"), 3),
        (("a", "b", 0), 3),
        (("a", "b", 2), 4),
        (("a", "b", 2, "c"), 4),
        (("quoted key",), 5),
        (("quoted key", "d"), 6),
        (("e",), 8),
        (("e", "f"), 10),
        (("e", "d"), 6),  # where it is written, not where it is merged
        (("g",), 13),
        (("g", "d"), 6),
        (("e", "nothing", 5), 8),  # the nearest parent
        (("nothing",), 2),
    ],
)
def test_lines(path: tuple[str | int, ...], line: int) -> None:
    assert parse(TEXT, "f.yaml").where(path).line == line


def test_data() -> None:
    assert parse(TEXT, "f.yaml").data == {
        "a": {"b": [1, "two", {"c": 3}]},
        "quoted key": {"d": 4},
        "e": {"d": 4, "f": "folded text\n"},
        "g": {"d": 4},
    }


@pytest.mark.parametrize(
    ("path", "text"),
    [((), ""), (("a",), "a"), (("a", 0, "b"), "a[0].b"), ((0, 1), "[0][1]")],
)
def test_paths_are_written_as_people_do(path: tuple[str | int, ...], text: str) -> None:
    assert format_path(path) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("off", "off"),
        ("n", "n"),
        ("0", 0),
        ("-0x1F", -31),
        ("0o17", 15),
        ("017", 15),
        ("0b101", 5),
        ("1_000", 1000),
        ("_1", "_1"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("089", 89.0),
        ("22:22", "22:22"),
        ("2020-01-01", "2020-01-01"),
        ("1.2.3", "1.2.3"),
        (".", "."),
        ("-", "-"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("|-\n  1", "1"),
        ("9" * 19, int("9" * 19)),
        ("9" * 20, float("9" * 20)),
    ],
)
def test_scalars(text: str, value: object) -> None:
    if text == "-":
        text = "'-'"
    read = parse(f"a: {text}\n", "f.yaml").data["a"]
    assert read == value
    assert type(read) is type(value)


# JSON writes characters beyond the basic plane as two halves, which YAML does not know.
# A key in flow style has 1024 characters at most.
texts = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=50)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(texts, plain), st.sampled_from([None, 2]))
def test_json_is_yaml(data: dict[str, object], indent: int | None) -> None:
    assert parse(json.dumps(data, indent=indent), "f.yaml").data == data


@given(st.text() | st.text("{}[]:-,&*!|>'\"%@`#?<~ \n\tab0", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        document = parse(text, "f.yaml")
    except FindingsError as error:
        for finding in error.findings:
            assert 1 <= finding.source.line <= text.count("\n") + 2
    else:
        assert isinstance(document, Document)
