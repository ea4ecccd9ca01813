"""Compose's env files: lines of ``NAME=VALUE``, with quotes, comments and variables.

Syntax: Compose Specification ``05-services.md``, ``env_file`` format. A variable's value is the one
given (the system's, else the service's environment's), else the one of an earlier line.
"""

from __future__ import annotations

import re

from config.finding import Finding, FindingsError, Source
from config.text import InterpolationError, Template, Variables, interpolate

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(?P<value>.*)")
_SINGLE = re.compile(r"'(?P<inner>(?:[^'\\]|\\.)*)'(?P<rest>.*)")
_DOUBLE = re.compile(r'"(?P<inner>(?:[^"\\]|\\.)*)"(?P<rest>.*)')
_ESCAPE = re.compile(r'\\([abfnrtv"$\\])')
_ESCAPES = dict(zip('abfnrtv"\\', '\a\b\f\n\r\t\v"\\', strict=True))
_ESCAPES["$"] = "$$"


def parse_dotenv(text: str, file: str, variables: Variables) -> dict[str, str | Template]:
    """Read an env file's text; a `FindingsError` with every wrong line."""
    values: dict[str, str | Template] = {}
    findings: list[Finding] = []
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            fact, remedy = "the line is not NAME=VALUE", "write NAME=VALUE, or # for a comment"
            findings.append(_problem(file, number, "", fact, remedy))
            continue
        try:
            values[match["name"]] = _value(match["value"], {**values, **variables})
        except InterpolationError as error:
            findings.append(_problem(file, number, match["name"], error.fact, error.remedy))
    if findings:
        raise FindingsError(findings)
    return values


def _problem(file: str, line: int, path: str, fact: str, remedy: str) -> Finding:
    return Finding(rule="env-file", source=Source(file, line, path), fact=fact, remedy=remedy)


def _value(text: str, variables: Variables) -> str | Template:
    if text.startswith("'"):
        return _quoted(_SINGLE, text).replace("\\'", "'")
    if text.startswith('"'):
        inner = _ESCAPE.sub(lambda match: _ESCAPES[match[1]], _quoted(_DOUBLE, text))
        return interpolate(inner, variables)
    return interpolate(text.partition(" #")[0].rstrip(), variables)


def _quoted(form: re.Pattern[str], text: str) -> str:
    match = form.fullmatch(text)
    if match is None:
        raise InterpolationError(f"the quote {text[0]} is not closed", "close it on the same line")
    rest = match["rest"].strip()
    if rest and not rest.startswith("#"):
        fact = f"text follows the closing quote {text[0]}"
        raise InterpolationError(fact, "quote the whole value, and write inner quotes with \\")
    return match["inner"]
