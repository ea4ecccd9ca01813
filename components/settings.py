"""Reads the stack's configuration from Pulumi: the edge between the engine and the typed model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as runtime_config

from config.settings import read_settings, read_stack_file
from config.stack import NAMESPACE, StackSettings

_PLAIN = {f"{NAMESPACE}:target", f"{NAMESPACE}:docker_host"}


def stack_settings(project: Path) -> StackSettings:
    """Give the current stack's settings; a `FindingsError` with everything that is wrong.

    Decrypted secrets are wrapped in `SecretStr` at once. Lines in findings come from the stack's
    file in ``project``, where it is the source of the values.
    """
    stack = pulumi.get_stack()
    values = runtime_config.CONFIG.get() or runtime_config.get_config_env()
    document = read_stack_file(project, stack, display=f"Pulumi.{stack}.yaml")
    return read_settings({key: _value(key, text) for key, text in values.items()}, stack, document)


def _value(key: str, text: Any) -> Any:
    # Pulumi hands structured values over as JSON, and everything else as it was written.
    if key in _PLAIN or not isinstance(text, str) or not text.startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
