"""What a program logs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from google.protobuf import empty_pb2  # type: ignore[import-untyped]  # it ships no types
from pulumi.runtime.proto import engine_pb2

from preview.value import MASK

_SEVERITIES: Final = {
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}
_COMMON: Final = ("true", "false")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the program logged."""

    severity: str
    """`info`, `warning` or `error`."""
    text: str
    urn: str | None = None


class Engine:
    """The engine's side channel: keeps what the program logs, without secret configuration."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.messages: list[Message] = []
        # The engine's own rule: what is this short or common would blot out innocent text.
        worth_hiding = {text for text in secrets if len(text) > 2 and text.lower() not in _COMMON}
        self._secrets = sorted(
            worth_hiding | {json.dumps(text)[1:-1] for text in worth_hiding}, key=len, reverse=True
        )

    def Log(  # noqa: N802 — a gRPC call's name
        self, request: engine_pb2.LogRequest
    ) -> empty_pb2.Empty:
        """Keep a message; the SDK's debug chatter and passing status lines are dropped."""
        severity = _SEVERITIES.get(request.severity)
        if severity and not request.ephemeral:
            text = request.message
            for secret in self._secrets:
                text = text.replace(secret, MASK)
            self.messages.append(Message(severity=severity, text=text, urn=request.urn or None))
        return empty_pb2.Empty()

    def RequirePulumiVersion(  # noqa: N802 — a gRPC call's name
        self, _request: engine_pb2.RequirePulumiVersionRequest
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """Accept any range: there is no engine whose version could be wrong."""
        return engine_pb2.RequirePulumiVersionResponse()
