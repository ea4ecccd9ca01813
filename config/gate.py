"""The gate's policy, ``gate.yaml``: what blocks a change, and which risks are accepted.

It says what happens to a risk; which risks a change has, it has no say in.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from config.base import Model
from config.document import Document, parse, read_text
from config.finding import Finding, FindingsError, ordered
from config.operations import Day
from config.units import shown
from config.validate import validate

POLICY_FILE = "gate.yaml"
"""Where the policy lies: beside ``Pulumi.yaml``."""

LONGEST = datetime.timedelta(days=90)
"""How far away the end of an acceptance may be: what holds for longer belongs in the policy."""

Level: TypeAlias = Literal["block", "warn", "allow"]
"""What is done about a risk that nobody accepted: it stops the change, is told, or is only listed.
"""

_DIGEST = re.compile("[0-9a-f]{12}")


def _digest(value: object) -> object:
    if not isinstance(value, str):
        msg = f"{shown(value)} reads as no text; write the digest in quotes"
        raise ValueError(msg)
    if not _DIGEST.fullmatch(value):
        msg = f"{shown(value)} is no digest; copy the 12 digits that the gate printed"
        raise ValueError(msg)
    return value


Digest = Annotated[
    str,
    BeforeValidator(_digest),
    WithJsonSchema({"type": "string", "pattern": f"^{_DIGEST.pattern}$"}),
]
"""What an acceptance is bound to: 12 hexadecimal digits, as the gate prints them."""

FamilyName: TypeAlias = Literal["data", "reach", "protection", "secrets", "identity", "downtime"]
"""The families of risks: ``preview.risk.Family``, which this room may not import."""


class Levels(Model):
    """What is done about the risks of each family; what is left out, another one says.

    Lost data is always told: no policy can ``allow`` it. A stack whose data is worth nothing can
    have it ``warn``; a loss that is meant can be accepted.
    """

    data: Literal["block", "warn"] | None = None
    reach: Level | None = None
    protection: Level | None = None
    secrets: Level | None = None
    identity: Level | None = None
    downtime: Level | None = None

    def of(self, family: str) -> Level | None:
        """Give what is said of a family; None when nothing is."""
        level: Level | None = getattr(self, family)
        return level


class Acceptance(Model):
    """Somebody takes one risk of one change: until a day, for a reason.

    It is bound to the change by ``risk``, so it covers no other one. ``stack``, ``family`` and
    ``subject`` tell people what it is about; one that does not fit the risk accepts nothing. From
    the day after ``until`` on it counts no more.
    """

    risk: Digest
    stack: str | None = None
    family: FamilyName | None = None
    subject: str | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]
    until: Day
    by: str | None = Field(default=None, description="Who accepts.")


class Policy(Model):
    """What blocks a change, what is only told, and what is accepted.

    Without a word about a family, it blocks. What cannot be told always blocks: no policy says
    otherwise.
    """

    families: Levels = Field(default=Levels(), description="On every stack.")
    stacks: Mapping[str, Levels] = Field(
        default={}, description="On one stack: what differs there."
    )
    acceptances: tuple[Acceptance, ...] = ()

    def level(self, family: str, stack: str) -> Level:
        """Give what is done about a family's risks on a stack."""
        here = self.stacks.get(stack, Levels()).of(family)
        return here or self.families.of(family) or "block"


def read_policy(file: Path, display: str, today: datetime.date) -> Policy:
    """Read a policy; a `FindingsError` with every problem when it is wrong."""
    return parse_policy(read_text(file, display), display, today)


def parse_policy(text: str, display: str, today: datetime.date) -> Policy:
    """Read the text of a policy; a `FindingsError` with every problem when it is wrong."""
    document = parse(text, display)
    policy, findings = validate(Policy, document.data, document)
    findings += _too_long(document, today)
    findings += _twice(document)
    if findings or policy is None:
        raise FindingsError(ordered(findings))
    return policy


def _too_long(document: Document, today: datetime.date) -> Iterator[Finding]:
    last = today + LONGEST
    for index, entry in _acceptances(document):
        try:
            until = datetime.date.fromisoformat(str(entry.get("until")))
        except ValueError:
            continue  # said by the model
        if until > last:
            path = ("acceptances", index, "until")
            fact = f"{until} is more than {LONGEST.days} days away"
            remedy = f"write {last} or a day before; what always holds belongs under families"
            yield document.problem("schema", path, fact, remedy)


def _twice(document: Document) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, entry in _acceptances(document):
        risk = entry.get("risk")
        if isinstance(risk, str) and first.setdefault(risk, index) != index:
            path = ("acceptances", index, "risk")
            line = document.where(("acceptances", first[risk])).line
            fact = f"risk {shown(risk)} is accepted twice; the first is on line {line}"
            yield document.problem("schema", path, fact, "keep one")


def _acceptances(document: Document) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Give the entries as they are written: also of a file of which the rest is wrong."""
    data = document.data if isinstance(document.data, dict) else {}
    entries = data.get("acceptances")
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, dict):
            yield index, entry
