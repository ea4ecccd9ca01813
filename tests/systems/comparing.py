"""Compares a generated page with what its owners' document says, cell by cell.

The documents are not in this repository. What they state is typed in under ``pages/``, a file for
each, together with the cells that differ on purpose. Nothing here knows one of the systems.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict

from tests.systems.reading import Page

Rows: TypeAlias = dict[str, dict[str, str]]
"""A table, or a drawing read as one: cells by row and column."""

Place: TypeAlias = tuple[str, str, str]
"""Table, row, column."""

Facts: TypeAlias = "str | list[str]"
"""What a cell says: the whole of it, or the facts that it holds among other words."""

ROW, DRAWN, TEXT, PORTS = "row", "drawn", "text", "ports"
THERE, MISSING = "there", ""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ours(_Model):
    """Where our page has what a table of the document has."""

    kind: Literal["table", "matrix", "edges", "boxes", "members", "steps"]
    section: str
    key: tuple[str, ...] = ()
    "Columns that name a row."
    instead: tuple[str, ...] = ()
    "Columns that name a row whose key is a dash."
    head: str = ""
    "Head of the table's first column, where it is not the key's."
    only: dict[str, str] = {}
    "Rows that count: what stands in a column."
    cells: dict[str, str | tuple[str, str]] = {}
    "Document's column: ours of another name, or a part of ours, by pattern."


class Table(_Model):
    """A table of a document, or a drawing."""

    ours: Ours
    columns: tuple[str, ...] = ()
    rows: list[list[Facts]] | list[str] | dict[str, list[str]]


class Reason(_Model):
    """Why our page is not the document's."""

    reason: str
    decision: str | None = None
    "Its id in the system's README."


class Differences(Reason):
    """Cells that differ for one reason: table, row, column, what the document says, what we say."""

    decision: str
    cells: list[tuple[str, str, str, str, str]]


class Additions(Reason):
    """Rows that only our page has; each pattern stands for one or more."""

    table: str
    rows: list[str]


class Document(_Model):
    """What a document states, and where our page says something else."""

    names: dict[str, str]
    "What the document calls things: our name. ``row: name`` is for one row only."
    tables: dict[str, Table]
    differences: list[Differences]
    additions: list[Additions]

    @staticmethod
    def read(file: Path) -> Document:
        """Read a file under ``pages/``."""
        return Document.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))

    @property
    def deliberate(self) -> dict[Place, tuple[str, str]]:
        """The cells that differ on purpose: the document's value and ours."""
        return {
            (table, row, column): (theirs, ours)
            for each in self.differences
            for table, row, column, theirs, ours in each.cells
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between a document and a page, before anybody has judged it."""

    cells: int
    differences: dict[Place, tuple[str, str]]
    additions: frozenset[tuple[str, str]]


def compare(document: Document, page: Page) -> Comparison:
    """Compare every cell that the document has, and every row that only the page has."""
    cells = 0
    differences: dict[Place, tuple[str, str]] = {}
    additions: set[tuple[str, str]] = set()
    for title, table in document.tables.items():
        stated, found = _stated(document, table), _READERS[table.ours.kind](page, table)
        additions |= {(title, row) for row in found if row not in stated}
        whole = table.ours.kind == "matrix"
        for row, columns in stated.items():
            cells += _cells(table, columns)
            if row not in found:
                differences[title, row, ROW] = (THERE, MISSING)
                continue
            # A matrix says something in its empty cells too.
            for column in [*columns, *(c for c in found[row] if whole and c not in columns)]:
                theirs = columns.get(column, "")
                ours = found[row].get(column, "")
                if isinstance(theirs, list):
                    ours = ", ".join(fact for fact in theirs if fact in ours)
                    theirs = ", ".join(theirs)
                if theirs != ours:
                    differences[title, row, column] = (theirs, ours)
    return Comparison(cells, differences, frozenset(additions))


def _cells(table: Table, columns: Mapping[str, Facts]) -> int:
    """Count what a row says: an arrow is one, the name of a table's row counts too."""
    named = 0 if table.ours.kind in ("edges", "members") else 1
    return named + sum(1 for cell in columns.values() if cell != [])


def unexpected(document: Document, comparison: Comparison) -> list[str]:
    """Say what the document's file does not say: differences, rows, and reasons without a cause."""
    deliberate = document.deliberate
    told = [
        f"{_place(place)}: the document says {theirs!r}, our page {ours!r}"
        for place, (theirs, ours) in comparison.differences.items()
        if deliberate.get(place) != (theirs, ours)
    ]
    told += [
        f"{_place(place)}: the list says that it differs, and it does not"
        for place in deliberate
        if place not in comparison.differences
    ]
    told += [
        f"{table} | {row}: only our page has it"
        for table, row in sorted(comparison.additions)
        if not any(_added(each, pattern, table, row) for each, pattern in _patterns(document))
    ]
    told += [
        f"{each.table} | {pattern}: our page has no such row"
        for each, pattern in _patterns(document)
        if not any(_added(each, pattern, *place) for place in comparison.additions)
    ]
    return told


def _place(place: Place) -> str:
    return " | ".join(place)


def _patterns(document: Document) -> Iterator[tuple[Additions, str]]:
    return ((each, pattern) for each in document.additions for pattern in each.rows)


def _added(each: Additions, pattern: str, table: str, row: str) -> bool:
    return fnmatchcase(table, each.table) and fnmatchcase(row, pattern)


# --- what the document states


def _stated(document: Document, table: Table) -> dict[str, dict[str, Facts]]:
    def ours(value: str, row: str = "") -> str:
        return document.names.get(f"{row}: {value}", document.names.get(value, value))

    found: dict[str, dict[str, Facts]] = {}
    kind = table.ours.kind
    for each in table.rows:
        if kind == "edges":
            assert isinstance(each, str)
            a, line, b = re.split(r" (->|-) ", each)
            found[f"{ours(a)} {line} {ours(b)}"] = {DRAWN: "yes"}
        elif kind == "members":
            assert isinstance(table.rows, dict)
            for name in table.rows[str(each)]:
                found[f"{ours(name, str(each))} in {ours(str(each))}"] = {DRAWN: "yes"}
        else:
            keys = len(table.ours.key) or 1
            names, rest = [str(name) for name in each[:keys]], each[keys:]
            row = _step(ours, *names) if kind == "steps" else " ".join(map(ours, names))
            assert row not in found, row
            columns = table.columns[keys:] or (PORTS if kind == "boxes" else TEXT,)
            found[row] = {
                ours(column) if kind == "matrix" else column: cell
                if isinstance(cell, list)
                else ours(cell, row)
                for column, cell in zip(columns, rest, strict=True)
            }
    return found


def _step(ours: Callable[[str], str], step: str) -> str:
    branch, _, ends = step.rpartition(": ")
    if ends.startswith("note over "):
        return f"note over {ours(ends.removeprefix('note over '))}"
    a, line, b = re.split(r" (-->|->) ", ends)
    return f"{f'{branch}: ' if branch else ''}{ours(a)} {line} {ours(b)}"


# --- what our page says


def _table(page: Page, table: Table) -> Rows:
    """Read a table; what is told of a row in several of ours is one row's."""
    ours = table.ours
    rows: dict[str, dict[str, list[str]]] = {}
    for row in page.table(ours.section, ours.head or ours.key[0]):
        if any(row.get(column) != value for column, value in ours.only.items()):
            continue
        key = " ".join(row[column] for column in ours.key)
        if key == "—":
            key = "/".join(row[column] for column in ours.instead)
        cells = rows.setdefault(key, {})
        for column in table.columns[len(ours.key) :]:
            value = _cell(row, ours.cells.get(column, column))
            if value not in cells.setdefault(column, []):
                cells[column].append(value)
    return {key: {c: ", ".join(v) for c, v in cells.items()} for key, cells in rows.items()}


def _cell(row: Mapping[str, str], where: str | tuple[str, str]) -> str:
    if isinstance(where, str):
        return row.get(where, "")
    column, pattern = where
    found = re.search(pattern, row.get(column, ""))
    return found[1] if found else ""


def _matrix(page: Page, table: Table) -> Rows:
    (key,) = table.ours.key
    return {row.pop(key): row for row in page.table(table.ours.section, key)}


def _edges(page: Page, table: Table) -> Rows:
    chart = page.flowchart(table.ours.section)
    return {
        f"{chart.names[edge.a]} {'->' if edge.arrow else '-'} {chart.names[edge.b]}": {DRAWN: "yes"}
        for edge in chart.edges
    }


def _boxes(page: Page, table: Table) -> Rows:
    chart = page.flowchart(table.ours.section)
    return {
        chart.names[id_]: {
            PORTS: ", ".join(
                port.lstrip(":") for line in node.lines[1:] for port in _ports_in(line)
            )
        }
        for id_, node in chart.nodes.items()
    }


def _ports_in(line: str) -> Sequence[str]:
    return line.split() if line.startswith(":") else ()


def _members(page: Page, table: Table) -> Rows:
    """Read a drawing of networks: who stands in a box, or has a line to it."""
    chart = page.flowchart(table.ours.section)
    pairs = [(id_, node.inside[-1]) for id_, node in chart.nodes.items()]
    pairs += [(edge.a, edge.b) for edge in chart.edges]
    return {f"{chart.names[a]} in {chart.names[b]}": {DRAWN: "yes"} for a, b in pairs}


def _steps(page: Page, table: Table) -> Rows:
    """Read a sequence; several messages one way are one row's."""
    found: dict[str, list[str]] = {}
    for step in page.steps(table.ours.section):
        row = f"{step.branch}: {step.ends}" if step.branch else step.ends
        found.setdefault(row, []).append(step.text)
    return {row: {TEXT: "; ".join(texts)} for row, texts in found.items()}


_READERS: dict[str, Callable[[Page, Table], Rows]] = {
    "table": _table,
    "matrix": _matrix,
    "edges": _edges,
    "boxes": _boxes,
    "members": _members,
    "steps": _steps,
}
