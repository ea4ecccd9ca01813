"""Env files, apart from what the oracle says of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from config.dotenv import parse_dotenv
from config.finding import FindingsError
from config.text import SecretRef, Template


def test_windows_line_ends_and_a_byte_order_mark() -> None:
    text = "\ufeffA=1\r\n\r\n# comment\r\nB='2'\r\nC=\u2028\r\n"
    assert parse_dotenv(text, "f.env", {}) == {"A": "1", "B": "2", "C": ""}


def test_separators_that_end_no_line() -> None:
    assert parse_dotenv("A=x\x0cy\x85z\u2028w", "f.env", {}) == {"A": "x\x0cy\x85z\u2028w"}


def test_secrets_stay_references_from_line_to_line() -> None:
    values = parse_dotenv('A="u:$S"\nB=<$A>\n', "f.env", {"S": SecretRef("S")})
    assert values == {
        "A": Template(("u:", SecretRef("S"))),
        "B": Template(("<u:", SecretRef("S"), ">")),
    }


def test_given_values_come_before_earlier_lines() -> None:
    assert parse_dotenv("A=line\nB=$A", "f.env", {"A": "given"}) == {"A": "line", "B": "given"}


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]*", fullmatch=True)
values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"))


@given(st.dictionaries(names, values))
def test_quoted_values_survive(variables: dict[str, str]) -> None:
    def quoted(value: str) -> str:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
        return f'"{escaped}"'

    text = "\n".join(f"{name}={quoted(value)}" for name, value in variables.items())
    assert parse_dotenv(text, "f.env", {}) == variables


@given(st.text() | st.text("AB=\"'\\$# \n{}", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_dotenv(text, "f.env", {"A": "a"})
    except FindingsError as error:
        lines = [finding.source.line for finding in error.findings]
        assert all(1 <= line <= text.count("\n") + 1 for line in lines)
