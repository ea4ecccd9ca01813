"""Reads the plan of a change, whoever wrote it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from preview.document import read_plan
from preview.garbage import garbage_left_alone
from preview.plan import Plan, Step
from preview.reader import REMEDY, At
from preview.reading.error import CannotRead
from preview.reading.events import are_events, read_events
from preview.reading.frame import Frame
from preview.reading.parse import AGAIN, parsed
from preview.reading.recognise import foreign_document, foreign_text
from preview.reading.source import Source, Text, name_of, opened
from preview.reading.steps import is_refresh, outcome, step_of, tidied
from preview.reading.values import has_marks, plain, plain_config
from preview.value import Json

WHOLE: Final = 1 << 26
"""Bytes of a document that are parsed as one where it isn't indented, and so can't be cut."""


def read_change(source: Source, *, project: str | None = None, stack: str | None = None) -> Plan:
    """The plan that a file (`-`: standard input) holds, recognised by its content.

    Secrets read `[secret]` and unknowns as their mark, however they are written. A plan of a
    preview that failed is read: see `problems`.

    Args:
        source: The file, `-`, or what such a file holds.
        project: The project that it has to be of, if given.
        stack: The stack that it has to be of, if given.

    Raises:
        CannotRead: It isn't such a file, isn't whole, or is of another project or stack.
    """
    name = name_of(source)
    try:
        with garbage_left_alone(), opened(source) as text:
            plan = _read(text)
        _check_stack(plan, project, stack)
    except OSError as error:
        fact = (error.strerror or "can't be read").lower()
        raise CannotRead(f"{name}: {fact}; {REMEDY}") from None
    except ValueError as error:
        line = " ".join(str(error).split())  # names in it are as the file has them
        raise CannotRead(f"{name}: {line}") from None
    return plan


def _read(text: Text) -> Plan:
    head = text.read()
    start = head.lstrip()[:1]
    if not start and not text.read():
        raise ValueError(f"is empty: the preview wrote nothing, or was stopped; {AGAIN}")
    if start not in b"{[":
        raise ValueError(foreign_text(head))
    if are_events(head):
        return read_events(text, head)
    indent = Frame.indent_of(head)
    if indent is None:
        return _whole(text, head)
    frame = Frame(text, head, indent)
    steps = [_parsed_step(step, index) for index, step in enumerate(frame.steps())]
    return _plan(_document(frame.rest()), steps)


def _whole(text: Text, head: bytes) -> Plan:
    blocks = [head]
    size = len(head)
    while block := text.read():
        blocks.append(block)
        size += len(block)
        if size > WHOLE:
            raise ValueError(
                f"is larger than {WHOLE >> 20} MiB and not indented; give it as pulumi wrote it"
            )
    document = _document(b"".join(blocks))
    return _plan(document, [])


def _document(text: bytes) -> Json:
    document = parsed(text)
    if problem := foreign_document(document):
        raise ValueError(problem)
    document["config"] = plain_config(document.get("config"))
    return plain(document) if has_marks(text) else document


def _plan(document: Json, framed: list[Step]) -> Plan:
    top = At(document)
    steps = framed or [step_of(each.value, each.path) for each in top["steps"].items()]
    plan = read_plan(top, tidied(steps))
    operation = "refresh" if is_refresh(steps) else plan.operation
    return replace(plan, operation=operation, outcome=outcome(plan, top["outcome"].want(str)))


def _parsed_step(text: bytes, index: int) -> Step:
    path = f"steps[{index}]"
    document = parsed(text, path)
    return step_of(plain(document) if has_marks(text) else document, path)


def _check_stack(plan: Plan, project: str | None, stack: str | None) -> None:
    stacks = sorted(plan.stacks)
    if len(stacks) > 1:
        names = " and ".join(f"{found}/{of}" for found, of in stacks[:2])
        raise ValueError(f"mixes the stacks {names}; give one preview at a time")
    for found, of in stacks:
        if project is not None and found != project:
            raise ValueError(f"is of project {found}, not {project}; preview this one")
        if stack is not None and of != stack:
            raise ValueError(f"is of stack {of}, not {stack}; run `pulumi preview --stack {stack}`")
