"""Reads engine events: event logs, and previews as a stream of JSON lines.

An event tells of a resource what a document tells, but for what it depends on and most options.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from preview.plan import Diagnostic, Plan, Step, Violation
from preview.reader import At
from preview.reading.parse import AGAIN, CUT_OFF, parsed
from preview.reading.source import Text
from preview.reading.steps import PARTS, is_refresh, outcome, step_of, tidied
from preview.reading.values import has_marks, plain, plain_config
from preview.urn import PROVIDER_PREFIX, split
from preview.value import Json

_STARTS: Final = re.compile(
    rb'\s*\{\s*"(?:sequence|timestamp|\w+Event)"\s*:',
)
_HEAD: Final = re.compile(
    rb'\{"sequence":\d+,"timestamp":\d+,'
    rb'"(resourcePreEvent|resOutputsEvent)":\{"metadata":\{"op":"([a-z-]+)"'
)
"""How Pulumi begins an event of a resource."""
_STATE: Final = {
    **{key: key for key in ("type", "urn", "custom", "delete", "id", "parent", "provider")},
    **{key: key for key in ("protect", "external", "retainOnDelete", "inputs", "outputs")},
    "hideDiffs": "hideDiff",
}
_COLOURS: Final = re.compile(r"<\{%\w+ ?\w*%\}>|\x1b\[[0-9;]*[mK]")


def are_events(head: bytes) -> bool:
    """Whether a text begins as a stream of events."""
    return _STARTS.match(head) is not None


def read_events(text: Text, head: bytes) -> Plan:
    """The plan that events tell of.

    Raises:
        ValueError: They aren't such events; `fact; remedy`, perhaps with a place before.
    """
    log = _Log()
    for number, line in enumerate(_lines(text, head), start=1):
        if not line.strip() or log.knows(line):
            continue
        event = parsed(line, f"line {number}")
        log.add(plain(event) if has_marks(line) else event, f"line {number}")
    return log.plan()


def _lines(text: Text, head: bytes) -> Iterator[bytes]:
    left = head
    while True:
        *lines, left = left.split(b"\n")
        yield from lines
        block = text.read()
        if not block:
            break
        left += block
    if left.strip() and not left.rstrip().endswith(b"}"):
        raise ValueError(f"{CUT_OFF}; {AGAIN}")
    yield left


@dataclass(slots=True)
class _Log:
    steps: list[Step] = field(default_factory=list)
    refreshed: dict[str, int] = field(default_factory=dict)
    """Where the look-ups are among the steps that haven't told yet what they found."""
    config: dict[str, str] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    summary: dict[str, int] = field(default_factory=dict)
    duration: int = 0
    operation: str = "preview"
    result: str | None = None

    def knows(self, line: bytes) -> bool:
        """Whether an event needs no parsing, since nothing of it would be kept: most of a log."""
        found = _HEAD.match(line)
        if found is None:
            return False
        if found[1] == b"resOutputsEvent":
            return not self.refreshed
        # Not a text within: there the quotes would be escaped.
        return found[2].decode() in PARTS and b'"logical":true' not in line

    def add(self, event: Json, path: str) -> None:
        """Take in an event; those that say nothing about the change are passed over."""
        for kind, at in At(event, path).members():
            match kind:
                case "resourcePreEvent":
                    self._before(at)
                case "resOutputsEvent":
                    self._after(at)
                case "diagnosticEvent":
                    self._diagnose(at)
                case "policyEvent":
                    self.violations.append(_violation(at))
                case "preludeEvent":
                    config = At(plain_config(at["config"].value), at["config"].path)
                    self.config = {key: each.need(str) for key, each in config.members()}
                case "summaryEvent":
                    self._conclude(at)
                case _:
                    pass

    def _before(self, at: At) -> None:
        if at["planning"].want(bool) is not True:
            self.operation = "update"
        metadata = at["metadata"]
        if metadata["op"].value in PARTS and metadata["logical"].value is not True:
            return  # documents don't tell of it, either
        step = step_of(_step(metadata), metadata.path)
        if _is_default_provider(step.urn):
            return
        if step.op == "refresh":
            self.refreshed[step.urn] = len(self.steps)
        self.steps.append(step)

    def _after(self, at: At) -> None:
        # Only now a refresh knows what it found: an update or a deletion if anything.
        metadata = at["metadata"]
        index = self.refreshed.pop(metadata["urn"].need(str), None)
        if index is not None and metadata["op"].value in ("update", "delete"):
            self.steps[index] = step_of(_step(metadata), metadata.path)

    def _diagnose(self, at: At) -> None:
        severity = at["severity"].need(str)
        if severity == "debug" or at["ephemeral"].want(bool):
            return
        message = (at["prefix"].want(str) or "") + (at["message"].want(str) or "")
        self.diagnostics.append(
            Diagnostic(
                severity=severity,
                message=_COLOURS.sub("", message),
                urn=at["urn"].want(str) or None,
            )
        )

    def _conclude(self, at: At) -> None:
        self.summary = {op: each.need(int) for op, each in at["resourceChanges"].members()}
        self.duration = (at["durationSeconds"].want(int) or 0) * 1_000_000_000
        # Since 2026 Pulumi tells the result, since 2025 whether it was a preview.
        self.result = at["result"].want(str)
        if at["isPreview"].want(bool) is False:
            self.operation = "update"

    def plan(self) -> Plan:
        """The plan that the events so far tell of."""
        plan = Plan(
            steps=tidied(self.steps),
            config=self.config,
            diagnostics=tuple(self.diagnostics),
            change_summary=self.summary,
            duration=self.duration,
            operation="refresh" if is_refresh(self.steps) else self.operation,
            violations=tuple(self.violations),
        )
        return replace(plan, outcome=outcome(plan, self.result))


def _step(metadata: At) -> Json:
    """The step as a document has it."""
    found = metadata.need(dict)
    diff = metadata["detailedDiff"]
    return {
        "op": found.get("op"),
        "urn": found.get("urn"),
        "provider": found.get("provider") or None,
        "oldState": _state(metadata["old"]),
        "newState": _state(metadata["new"]),
        "diffReasons": found.get("diffs"),
        "replaceReasons": found.get("keys"),
        "detailedDiff": None
        if diff.value is None
        else {
            path: {"kind": each["diffKind"].value, "inputDiff": each["inputDiff"].value}
            for path, each in diff.members()
        },
    }


def _state(at: At) -> Json:
    found = at.want(dict)
    if found is None:
        return None
    return {_STATE[key]: value for key, value in found.items() if key in _STATE and value != ""}


def _violation(at: At) -> Violation:
    return Violation(
        pack=at["policyPackName"].want(str) or "",
        policy=at["policyName"].need(str),
        level=at["enforcementLevel"].want(str) or "mandatory",
        message=_COLOURS.sub("", at["message"].want(str) or ""),
        urn=at["resourceUrn"].want(str) or None,
    )


def _is_default_provider(urn: str) -> bool:
    """Whether it is a provider that the engine makes by itself; documents don't tell of it."""
    parts = split(urn)
    return parts.type.startswith(PROVIDER_PREFIX) and bool(
        re.fullmatch(r"default(?:_.*)?", parts.name)
    )
