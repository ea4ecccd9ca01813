"""Compose's env files: lines of ``NAME=VALUE``, with quotes, comments and variables.

Syntax: Compose Specification ``05-services.md``, ``env_file`` format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from config.finding import Finding, FindingsError, Source
from config.text import InterpolationError, Template, Value, interpolate

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(?P<value>.*)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def parse_dotenv(text: str, file: str, variables: Mapping[str, Value]) -> dict[str, str | Template]:
    """Read an env file's text; a `FindingsError` with every wrong line."""
    values: dict[str, str | Template] = {}
    findings: list[Finding] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            fact, remedy = "the line is not NAME=VALUE", "write NAME=VALUE, or # for a comment"
            findings.append(_problem(file, number, "", fact, remedy))
            continue
        try:
            values[match["name"]] = _value(match["value"], variables)
        except InterpolationError as error:
            findings.append(_problem(file, number, match["name"], error.fact, error.remedy))
    if findings:
        raise FindingsError(findings)
    return values


def _problem(file: str, line: int, path: str, fact: str, remedy: str) -> Finding:
    return Finding(rule="env-file", source=Source(file, line, path), fact=fact, remedy=remedy)


def _value(text: str, variables: Mapping[str, Value]) -> str | Template:
    if text.startswith("'"):
        return _quoted(text, "'")
    if text.startswith('"'):
        inner = re.sub(r'\\([nrt"\\])', lambda m: _ESCAPES[m[1]], _quoted(text, '"'))
        return interpolate(inner, variables)
    return interpolate(re.sub(r"\s+#.*$", "", text), variables)


def _quoted(text: str, quote: str) -> str:
    end = len(text)
    while (end := text.rfind(quote, 1, end)) > 0:
        rest = text[end + 1 :].strip()
        if not rest or rest.startswith("#"):
            return text[1:end]
    raise InterpolationError(f"the quote {quote} is not closed", "close it on the same line")
