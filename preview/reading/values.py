"""Property values as Pulumi serializes them in states and events, made what previews show."""

from __future__ import annotations

import re
from typing import Final

from preview.value import MASK, SECRET, SIGNATURE, UNKNOWN, Json

_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
"""The signature of an output: a value that may be unknown, secret, or both."""
_UNKNOWNS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)
"""Marks that the engine has for unknowns of a kind, beside the usual one of a text."""
_TELLING: Final = tuple(mark.encode() for mark in (SIGNATURE, *sorted(_UNKNOWNS)))
_CIPHERTEXT: Final = re.compile(r'^v\d:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$|"secure"\s*:')


def has_marks(text: bytes) -> bool:
    """Whether a JSON text holds anything for `plain` to do: most don't, and looking is fast."""
    for mark in _TELLING:  # noqa: SIM110 — an `any` would take twice the time
        if mark in text:
            return True
    return False


def plain(value: Json) -> Json:
    """The value with every secret as `[secret]`, and every unknown as the one usual mark."""
    if isinstance(value, dict):
        match value.get(SIGNATURE):
            case str(mark) if mark == SECRET:
                return MASK
            case str(mark) if mark == _OUTPUT:
                if value.get("secret"):
                    return MASK
                return plain(value["value"]) if "value" in value else UNKNOWN.value
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str) and value in _UNKNOWNS:
        return UNKNOWN.value
    return value


def plain_config(config: Json) -> Json:
    """The configuration with secrets as `[secret]`, also where it holds them encrypted."""
    if not isinstance(config, dict):
        return config
    return {
        key: MASK
        if (isinstance(value, dict) and "secure" in value)
        or (isinstance(value, str) and _CIPHERTEXT.search(value))
        else plain(value)
        for key, value in config.items()
    }
