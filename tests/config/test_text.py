"""Interpolation: secrets stay references, and every text is read or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.document import parse
from config.text import (
    InterpolationError,
    SecretRef,
    Template,
    Variables,
    interpolate,
    interpolate_tree,
)

VALUES: Variables = {"A": "a", "EMPTY": "", "S": SecretRef("S"), "T": SecretRef("T")}

texts = st.text("$${}:-+?AST x\n", max_size=20) | st.text(max_size=20)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("$S", (SecretRef("S"),)),
        ("${S}", (SecretRef("S"),)),
        ("x${S}y", ("x", SecretRef("S"), "y")),
        ("$A-$S-$A", ("a-", SecretRef("S"), "-a")),
        ("$S$S", (SecretRef("S"), SecretRef("S"))),
        ("$$S$S", ("$S", SecretRef("S"))),
        ("${S:-default}", (SecretRef("S"),)),
        ("${S:?needed}", (SecretRef("S"),)),
        ("${UNSET:-${S}}", (SecretRef("S"),)),
        ("${UNSET:-x$S}y", ("x", SecretRef("S"), "y")),
        ("${A:+$T}", (SecretRef("T"),)),
        ("$EMPTY$S$EMPTY", (SecretRef("S"),)),
    ],
)
def test_secrets_stay_references(text: str, parts: tuple[str | SecretRef, ...]) -> None:
    assert interpolate(text, VALUES) == Template(parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("${S:+there}", "there"), ("${UNSET:+$S}", ""), ("${A:-$S}", "a"), ("$$S", "$S")],
)
def test_secrets_that_are_not_chosen_leave_plain_text(text: str, expected: str) -> None:
    assert interpolate(text, VALUES) == expected


def test_template() -> None:
    template = Template(("x", SecretRef("T"), SecretRef("S"), SecretRef("T")))
    assert template.secrets == ("S", "T")
    assert str(template) == "x${T}${S}${T}"


@given(st.text())
def test_doubled_dollars_mean_themselves(text: str) -> None:
    assert interpolate(text.replace("$", "$$"), {}) == text


@given(st.text(alphabet=st.characters(exclude_characters="$")), st.text())
def test_values_are_not_read_again(text: str, value: str) -> None:
    assert interpolate(f"{text}$A", {"A": value}) == text + value


@given(texts)
def test_every_text_is_read_or_refused(text: str) -> None:
    try:
        result = interpolate(text, VALUES)
    except InterpolationError as error:
        assert error.fact and error.remedy  # noqa: PT017, PT018
    else:
        assert isinstance(result, str) or result.secrets


def test_tree_reports_every_text_and_leaves_extensions() -> None:
    document = parse(
        """\
x-top: $NOWHERE
services:
  a:
    x-own: $NOWHERE
    image: $NOWHERE
    environment: {x-header: $A, B: "$"}
    command: [$A, $NOWHERE]
""",
        "f.yaml",
    )
    data, findings = interpolate_tree(document, document.data, VALUES)
    assert data["x-top"] == "$NOWHERE"
    assert data["services"]["a"]["x-own"] == "$NOWHERE"
    assert data["services"]["a"]["environment"]["x-header"] == "a"
    assert [str(finding.source) for finding in findings] == [
        "f.yaml:5: services.a.image",
        "f.yaml:6: services.a.environment.B",
        "f.yaml:7: services.a.command[1]",
    ]
