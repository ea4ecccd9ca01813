"""What can be read of a file that is wrong: what is broken must not hide what else is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from config.document import Document
from config.validate import validate

M = TypeVar("M", bound=BaseModel)


def readable(
    model: type[M], raw: Mapping[str, Any], document: Document, least: dict[str, Any]
) -> tuple[M, set[str]]:
    """Read a model entry by entry; without what is wrong, whose names are given, too.

    ``least`` is the least that the model takes.
    """
    empty, _ = validate(model, least, document)
    assert empty is not None  # noqa: S101 - what `least` is for
    sections: dict[str, Any] = {}
    unreadable: set[str] = set()
    for section in sorted(set(raw) & set(model.model_fields)):
        if not isinstance(raw[section], dict | list):
            continue
        if getattr(empty, section) is None:
            sections[section] = _without_what_is_wrong(model, raw, document, least, section)
            continue
        merged: dict[str, Any] | list[Any] = {}
        if isinstance(getattr(empty, section), tuple):
            merged = []
        for key, alone in _one_by_one(raw[section]):
            read, _ = validate(model, {**least, section: alone}, document)
            if read is None:
                unreadable.add(str(key or section))
            if isinstance(merged, list):
                # None keeps the place of what is wrong, so that the others keep their lines.
                merged += getattr(read, section) if read else (None,)
            elif read is not None:
                merged |= getattr(read, section)
        sections[section] = tuple(merged) if isinstance(merged, list) else merged
    return empty.model_copy(update=sections), unreadable


def _without_what_is_wrong(
    model: type[M], raw: Mapping[str, Any], document: Document, least: dict[str, Any], section: str
) -> object:
    """Read a section that is one thing; its keys that are wrong, if any, as if they weren't there.

    None where it cannot do without them.
    """
    read, problems = validate(model, {**least, section: raw[section]}, document)
    if read is None and isinstance(raw[section], dict):
        wrong = {re.split(r"[.\[]", f"{problem.source.path}.")[1] for problem in problems}
        rest = {key: value for key, value in raw[section].items() if key not in wrong}
        read, _ = validate(model, {**least, section: rest}, document)
    return getattr(read, section) if read else None


def _one_by_one(entries: object) -> Iterable[tuple[Any, Any]]:
    """Split a section into sections of one entry each, with its key."""
    if isinstance(entries, dict):
        return [(key, {key: entry}) for key, entry in entries.items()]
    if isinstance(entries, list):
        return [(entry if isinstance(entry, str) else "", [entry]) for entry in entries]
    return []
