"""What is no preview, or not a whole one, is told in one line."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preview.reader import REMEDY
from preview.reading import CannotRead, problems, read_change, source
from tests.preview.reading.recorded import content

DOCUMENT = content("3.255.0/change.json")
EVENTS = content("3.255.0/change.events")
DEEP = b"[" * 5000 + b"]" * 5000
CUT = (
    "is cut off: the preview was stopped, or the file was not written to its end; "
    "run the preview again"
)
EMPTY = "is empty: the preview wrote nothing, or was stopped; run the preview again"
TWICE = f"has a key twice in one object; {REMEDY}"
NAN = f"holds NaN or Infinity, which JSON doesn't have; {REMEDY}"
NESTS = f"nests deeper than 200 values; {REMEDY}"
APART = "keep standard error apart: no `2>&1`"


def compact(**more: Any) -> bytes:
    return json.dumps(json.loads(DOCUMENT) | more).encode()


def swapped(old: bytes, new: bytes, text: bytes = DOCUMENT) -> bytes:
    assert old in text
    return text.replace(old, new)


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", EMPTY),
    "blank": (b" \r\n ", EMPTY),
    "only a byte order mark": (b"\xef\xbb\xbf", EMPTY),
    "cut in its configuration": (DOCUMENT[:100], CUT),
    "cut in a step": (DOCUMENT[: len(DOCUMENT) // 2], CUT),
    "cut at its end": (DOCUMENT[:-3], CUT),
    "cut in one line": (compact()[:5000], CUT),
    "cut in an event": (EVENTS[:-700], CUT),
    "no JSON": (b"hello", f"is not JSON; {REMEDY}"),
    "bad JSON": (b'{"steps": what}', f"is not JSON; {REMEDY}"),
    "bad JSON in a step": (
        swapped(b'"op": "create"', b'"op": create'),
        f"steps[6]: is not JSON; {REMEDY}",
    ),
    "no UTF-8": (b'{"steps": ["\xff"]}', f"is not JSON; {REMEDY}"),
    "bytes": (b"\x7fELF\x00\x00", f"is no text; {REMEDY}"),
    "half a UTF-16": (
        b"\xff\xfe" + DOCUMENT.decode().encode("utf-16-le")[:-1],
        f"is no text; {REMEDY}",
    ),
    "gzip": (b"\x1f\x8b\x08", "is compressed with gzip; unpack it first"),
    "zip": (b"PK\x03\x04", "is a zip archive; unpack it first"),
    "the text": (
        content("3.255.0/change.txt"),
        "is the text that pulumi shows; give what `pulumi preview --json` wrote",
    ),
    "errors before": (b"warning: x\n" + DOCUMENT, f"has other text before its JSON; {APART}"),
    "errors after": (DOCUMENT + b"error: x\n", f"has other text after its JSON; {APART}"),
    "errors among events": (EVENTS + b"oops\n", f"line 99: is not JSON; {REMEDY}"),
    "a list": (b"[]", f"is JSON, but a list; {REMEDY}"),
    "an export": (
        content("3.255.0/export.json"),
        f"is the export of a stack's state, no preview; {REMEDY}",
    ),
    "Kubernetes": (
        b'{"apiVersion": "v1", "kind": "List", "items": []}',
        f"is a Kubernetes object, no preview; {REMEDY}",
    ),
    "the short form": (
        b'{"result": "succeeded", "duration": 1, "summary": {"same": 1}}',
        "is the short form that `--output json` writes, no preview; give `--json` instead",
    ),
    "an object": (
        b"{}",
        f"is JSON, but no preview: it has neither steps nor changeSummary; {REMEDY}",
    ),
    "a version": (compact(version=4), "is of a version that isn't known; update stackgraph"),
    "an operation": (
        swapped(b'"op": "create"', b'"op": "teleport"'),
        "steps[6].op: is no operation that is known (teleport); update stackgraph",
    ),
    "a strange operation": (
        swapped(b'"op": "create"', b'"op": "hunter2\\n!"'),
        "steps[6].op: is no operation that is known; update stackgraph",
    ),
    "no URN": (
        swapped(b'"urn": "urn:', b'"urn": "hunter2:'),
        f"steps[0].urn: is no URN; {REMEDY}",
    ),
    "a key twice": (
        swapped(b'"op": "create",', b'"op": "create", "op": "same",'),
        f"steps[6]: {TWICE}",
    ),
    "steps twice": (swapped(b'"duration"', b'"steps": [], "duration"'), TWICE),
    "NaN": (swapped(b'"protect": true', b'"protect": NaN'), f"steps[5]: {NAN}"),
    "Infinity": (b'{"steps": [], "duration": Infinity}', NAN),
    "deep": (b'{"steps": ' + DEEP + b"}", NESTS),
    "deep in a step": (swapped(b'"STEP": "2"', b'"STEP": ' + DEEP), f"steps[2]: {NESTS}"),
    "deep in an event": (
        swapped(b'"STEP":"2"', b'"STEP":' + DEEP, EVENTS),
        f"line 49: {NESTS}",
    ),
    "two projects": (
        swapped(b"dev::reading::command:local:Command::comes", b"dev::other::a:b:C::comes"),
        "mixes the stacks other/dev and reading/dev; give one preview at a time",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_preview_is_named_in_one_line(case: str, tmp_path: Path) -> None:
    text, problem = BAD[case]
    file = tmp_path / "change.json"
    file.write_bytes(text)
    with pytest.raises(CannotRead) as caught:
        read_change(file)
    assert str(caught.value) == f"{file}: {problem}"
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ({"project": "shop"}, "preview: is of project reading, not shop; preview this one"),
        (
            {"stack": "prod", "project": "reading"},
            "preview: is of stack dev, not prod; run `pulumi preview --stack prod`",
        ),
    ],
)
@pytest.mark.parametrize("text", [DOCUMENT, EVENTS], ids=["document", "events"])
def test_another_stack_is_refused(text: bytes, wanted: Any, problem: str) -> None:
    assert read_change(text, project="reading", stack="dev").steps
    with pytest.raises(CannotRead, match=f"^{re.escape(problem)}$"):
        read_change(text, **wanted)


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    for file, fact in ((tmp_path, "is a directory"), (tmp_path / "a", "no such file or directory")):
        with pytest.raises(CannotRead, match=re.escape(f"{file}: {fact}; {REMEDY}") + "$"):
            read_change(file)
    secret = tmp_path / "secret"
    secret.touch(mode=0)
    try:
        secret.read_bytes()
    except PermissionError:
        with pytest.raises(CannotRead, match=f"{secret}: permission denied; "):
            read_change(secret)


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(DOCUMENT)))
    assert read_change("-") == read_change(DOCUMENT)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(CannotRead, match=f"^standard input: {EMPTY}$"):
        read_change("-")


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "BLOCK", 1000)
    assert read_change(DOCUMENT) == read_change(compact())
    monkeypatch.setattr("preview.reading.change.WHOLE", 10_000)
    with pytest.raises(CannotRead, match=r"not indented; give it as pulumi wrote it$"):
        read_change(compact())
    monkeypatch.setattr(source, "LARGEST", 10_000)
    with pytest.raises(CannotRead, match=r"is larger than .*; leave --show-sames out"):
        read_change(DOCUMENT)
    with pytest.raises(CannotRead, match=r"is larger than .*; leave --show-sames out"):
        read_change(EVENTS)


@pytest.mark.parametrize("text", [DOCUMENT, EVENTS], ids=["document", "events"])
@pytest.mark.parametrize("block", [101, 4096, source.BLOCK])
def test_powershell_writes_it_in_another_way(
    text: bytes, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read_change(text)
    monkeypatch.setattr(source, "BLOCK", block)
    lines = text.decode().replace("\n", "\r\n")
    for encoding, mark in (
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
    ):
        assert read_change(mark + lines.encode(encoding)) == expected


def test_half_a_character_at_the_end_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"\xff\xfe" + DOCUMENT.decode().encode("utf-16-le")[:-1]
    monkeypatch.setattr(source, "BLOCK", len(text) - 1)
    with pytest.raises(CannotRead, match="is no text"):
        read_change(text)


@pytest.mark.parametrize(
    ("kept", "problem"),
    [
        (4, "counts 1 of create, but shows 0; give the whole preview"),
        (8, "counts 1 of delete, but shows 0; give the whole preview"),
    ],
)
def test_a_filtered_preview_allows_no_conclusion(kept: int, problem: str) -> None:
    plan = read_change(compact(steps=json.loads(DOCUMENT)["steps"][:kept]))
    assert problem in problems(plan)


def test_events_without_their_end_allow_no_conclusion() -> None:
    lines = [line for line in EVENTS.splitlines(keepends=True) if b'"summaryEvent"' not in line]
    plan = read_change(b"".join(lines))
    assert problems(plan) == ("the preview didn't reach its end; preview again",)


@given(st.integers(min_value=1, max_value=len(DOCUMENT.rstrip()) - 1))
@settings(max_examples=60)
def test_a_document_cut_anywhere_is_not_read(at: int) -> None:
    with pytest.raises(CannotRead, match=f"^preview: (steps.*: )?{CUT}$"):
        read_change(DOCUMENT[:at])


@given(st.integers(min_value=1, max_value=EVENTS.index(b'"summaryEvent"')))
@settings(max_examples=60)
def test_events_cut_anywhere_allow_no_conclusion(at: int) -> None:
    try:
        plan = read_change(EVENTS[:at])
    except CannotRead:
        return
    assert problems(plan)


@given(
    st.sampled_from([DOCUMENT, EVENTS]),
    st.integers(min_value=0, max_value=len(DOCUMENT)),
    st.binary(max_size=4) | st.sampled_from([b"{", b"[", b'"', b"null", b"1", b"\n", b"}"]),
    st.integers(min_value=0, max_value=40),
)
@settings(max_examples=150)
def test_no_damage_makes_another_error(text: bytes, at: int, new: bytes, gone: int) -> None:
    _read(text[:at] + new + text[at + gone :])


KEYS = st.sampled_from(
    ["steps", "op", "urn", "type", "newState", "oldState", "detailedDiff", "config", "inputs",
     "outputs", "diagnostics", "changeSummary", "dependencies", "propertyDependencies", "kind",
     "message", "severity", "metadata", "old", "new", "diffs", "keys", "logical", "planning",
     "resourcePreEvent", "resOutputsEvent", "summaryEvent", "policyEvent", "preludeEvent",
     "diagnosticEvent", "resourceChanges", "outcome", "policyViolations", "diffReasons"]
)  # fmt: skip
URN = "urn:pulumi:dev::reading::pulumi:pulumi:Stack::reading-dev"
VALUES = st.recursive(
    st.sampled_from([URN, "create", "refresh", "update", "", True, None, 1, 1.5]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)
STATES = st.none() | st.fixed_dictionaries(
    {"urn": st.just(URN), "type": st.just("a:b:C")},
    optional=dict.fromkeys(
        ("inputs", "outputs", "dependencies", "protect", "hideDiff", "id"), VALUES
    ),
)


@given(st.lists(st.tuples(STATES, STATES, VALUES), max_size=3), st.dictionaries(KEYS, VALUES))
def test_no_document_makes_another_error(steps: Any, more: Any) -> None:
    whole = {
        "steps": [
            {"op": "update", "urn": URN, "oldState": old, "newState": new, "diffReasons": reasons}
            for old, new, reasons in steps
        ]
    }
    for indent in (None, 2):
        _read(json.dumps(whole | more, indent=indent).encode())


@given(st.lists(st.tuples(STATES, STATES, VALUES), max_size=3), st.dictionaries(KEYS, VALUES))
def test_no_event_makes_another_error(steps: Any, more: Any) -> None:
    events = [
        {kind: {"metadata": {"op": op, "urn": URN, "old": old, "new": new, "diffs": diffs}}}
        for old, new, diffs in steps
        for kind, op in (("resourcePreEvent", "refresh"), ("resOutputsEvent", "update"))
    ]
    _read("\n".join(json.dumps({"sequence": 1} | each) for each in [*events, more]).encode())


def _read(text: bytes) -> None:
    message = "preview: a; b"
    try:
        problems(read_change(text))
    except CannotRead as error:
        message = str(error)
    assert re.fullmatch(r"preview: [^\n]+; [^\n]+", message)
