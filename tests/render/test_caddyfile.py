"""Caddyfile syntax: what is written is what Caddy reads, token by token."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rehearsal.images import CADDY
from render.caddyfile import Comment, block, line, marshal
from tests.render.caddy import needs_caddy


@pytest.mark.parametrize(
    ("token", "written"),
    [
        ("respond", "respond"),
        ("http://:8080", "http://:8080"),
        ("?X-Frame-Options", "?X-Frame-Options"),
        ("max-age=31536000", "max-age=31536000"),
        ("/api/*", "/api/*"),
        ("{uri}", "{uri}"),
        ("{http.request.uri}", "{http.request.uri}"),
        ("https://example.com{uri}", '"https://example.com{uri}"'),
        ("", '""'),
        ("two words", '"two words"'),
        ("a#b", '"a#b"'),
        ('say "hi"', '`say "hi"`'),
        ("a\\b", "`a\\b`"),
        ("end\\", "`end\\`"),
        ("<<HEREDOC", '"<<HEREDOC"'),
        ("a`b", '"a`b"'),
        ('a`"b', '"a`\\"b"'),
        ("two\nlines", '"two\nlines"'),
    ],
)
def test_quoting(token: str, written: str) -> None:
    assert marshal([line("x", token)]) == f"x {written}\n"


@pytest.mark.parametrize("token", ["`\\", 'a\\"`', "{", "}", "{$HOME}", "a {b"])
def test_what_cannot_be_written_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="cannot be written in a Caddyfile"):
        marshal([line("x", token)])


def test_shape() -> None:
    text = marshal(
        [
            Comment("One.\nTwo."),
            block(of=[line("email", "a@example.com")]),
            block("a.example.com", of=[Comment("Three."), block("route", of=[Comment("Four.")])]),
        ]
    )
    assert text == (
        "# One.\n# Two.\n{\n\temail a@example.com\n}\n\n"
        "a.example.com {\n\t# Three.\n\troute {\n\t\t# Four.\n\t}\n}\n"
    )


def adapt(text: str, folder: Path) -> Any:
    """Give what Caddy makes of a Caddyfile."""
    file = folder / "Caddyfile"
    file.write_bytes(text.encode())
    answer = subprocess.run(
        [CADDY, "adapt", "--config", str(file), "--adapter", "caddyfile"],
        capture_output=True,
        text=True,
        env={"HOME": str(folder)},
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


# Braces belong to placeholders, and are refused elsewhere.
tokens = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{}")),
    st.text("`'\"\\ \n\t#<a@/*$:?-", max_size=8),
)


def survivors(candidates: list[str]) -> list[str]:
    kept = []
    for token in candidates:
        try:
            marshal([line("x", token)])
        except ValueError:
            continue
        kept.append(token)
    return kept


@needs_caddy
@settings(max_examples=15)
@given(st.lists(tokens, min_size=30, max_size=60))
def test_tokens_survive(tmp_path_factory: pytest.TempPathFactory, candidates: list[str]) -> None:
    # Many at once: starting Caddy takes longer than reading a file.
    written = survivors(candidates)
    # Each with a status of its own: Caddy keeps only one of two equal routes in a row.
    errors = [line("error", "*", token, str(400 + n)) for n, token in enumerate(written)]
    text = marshal([block("http://:1", of=[block("route", of=errors)])])
    config = adapt(text, tmp_path_factory.mktemp("adapt"))
    route = config["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]
    read = [handler.get("error", "") for each in route["routes"] for handler in each["handle"]]
    assert read == written


@needs_caddy
def test_written_as_caddy_fmt_writes(tmp_path: Path) -> None:
    text = marshal(
        [
            Comment("A comment."),
            block(of=[block("servers", of=[line("protocols", "h1", "h2")])]),
            block("a.example.com", of=[block("handle", "/api/*", of=[line("respond", "a b")])]),
        ]
    )
    file = tmp_path / "Caddyfile"
    file.write_text(text)
    answer = subprocess.run([CADDY, "fmt", str(file)], capture_output=True, text=True)
    assert answer.stdout == text
