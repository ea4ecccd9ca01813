"""Who calls whom: services run by others, flows, and the scenarios that order them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from config.base import Model
from config.finding import one_of
from config.host import Environment
from config.units import HostName, Label, shown


class Tls(Model):
    """How an endpoint of others is encrypted: who issues its certificate, and where TLS ends."""

    issuer: str
    ends_at: str


class External(Model):
    """A service run by others that the system calls, or that calls it.

    ``endpoint`` is its address in DNS, if it matters here, and ``behind`` what stands before it.
    ``data`` labels the data that it holds, so that flows of another kind are noticed.
    """

    purpose: str
    integration: str | None = None
    endpoint: HostName | None = None
    behind: str | None = None
    tls: Tls | None = None
    environment: Environment | None = None
    data: Label | None = None


class Flow(Model):
    """Who calls whom: two ends, each an ``APP/SERVICE``, the name of something, or ``internet``.

    ``via`` is the route by whose name the caller calls; ``soft``: the caller works without the
    called; ``data`` labels what is sent.
    """

    model_config = ConfigDict(extra="forbid")

    source: str
    target: str
    protocol: str | None = None
    purpose: str | None = None
    soft: bool = Field(default=False, description="The caller works without the called.")
    via: HostName | None = Field(default=None, description="The name that is called.")
    data: Label | None = None


_FLOW_OPTIONS = tuple(name for name in Flow.model_fields if name not in ("source", "target"))


def _flow(value: object) -> object:
    ends: object = value
    options: object = {}
    if isinstance(value, dict) and len(value) == 1:
        ends, options = next(iter(value.items()))
    if not isinstance(ends, str) or not isinstance(options, dict | None):
        msg = "a flow is 'CALLER -> CALLED', or that with options; write - n8n/n8n -> twilio"
        raise ValueError(msg)
    source, arrow, target = ends.partition("->")
    if not arrow or not source.strip() or not target.strip():
        msg = f"{ends!r} names no caller and called; write CALLER -> CALLED"
        raise ValueError(msg)
    for name in sorted(set(options or {}) - set(_FLOW_OPTIONS)):
        msg = f"unknown key {name!r}; {one_of(name, _FLOW_OPTIONS)}"
        raise ValueError(msg)
    return {**(options or {}), "source": source.strip(), "target": target.strip()}


_TEXT: dict[str, Any] = {"type": "string"}
_FLOW_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": "->"},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {
                "type": ["object", "null"],
                "properties": {
                    name: {"type": "boolean"} if name == "soft" else _TEXT for name in _FLOW_OPTIONS
                },
                "additionalProperties": False,
            },
        },
    ]
}

FlowField = Annotated[Flow, BeforeValidator(_flow), WithJsonSchema(_FLOW_SCHEMA)]


class Message(Model):
    """One step of a scenario: a call (``A -> B: text``) or an answer (``B --> A: text``)."""

    source: str
    target: str
    text: str
    answer: bool = False


class Choice(Model):
    """A step of a scenario that goes one of several ways, each named by its condition."""

    either: dict[str, tuple[Annotated[Message, BeforeValidator(lambda v: _message(v))], ...]]


def _message(value: object) -> object:
    text = value if isinstance(value, str) else ""
    ends, colon, said = text.partition(": ")
    answer = "-->" in ends
    source, arrow, target = ends.partition("-->" if answer else "->")
    if not (colon and arrow and source.strip() and target.strip() and said.strip()):
        msg = f"{shown(value)} is no message; write 'CALLER -> CALLED: text', an answer with -->"
        if isinstance(value, Mapping) and any("->" in str(key) for key in value):
            msg = "a step is a text, and YAML reads a mapping here; put the step in quotes"
        raise ValueError(msg)
    ends_of = {"source": source.strip(), "target": target.strip()}
    return {**ends_of, "text": said.strip(), "answer": answer}


def _step(value: object) -> object:
    return value if isinstance(value, Mapping) and "either" in value else _message(value)


_STEP_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": "->.*: "},
        {
            "type": "object",
            "properties": {
                "either": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "array",
                        "items": {"type": "string", "pattern": "->.*: "},
                    },
                }
            },
            "required": ["either"],
            "additionalProperties": False,
        },
    ]
}

Step = Annotated[
    Annotated[Message, Tag("message")] | Annotated[Choice, Tag("choice")],
    Discriminator(lambda value: "choice" if "either" in value else "message"),
    BeforeValidator(_step),
    WithJsonSchema(_STEP_SCHEMA),
]


class Scenario(Model):
    """An ordered account of who calls whom for one purpose.

    ``actors`` are people or programs outside of the system that only take part here.
    """

    purpose: str
    actors: tuple[Label, ...] = ()
    kind: Literal["request", "call", "job"] = "request"
    steps: tuple[Step, ...]
