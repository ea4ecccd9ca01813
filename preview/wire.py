"""Property values from and to what travels between SDK and engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from google.protobuf import struct_pb2  # type: ignore[import-untyped]  # it ships no types

from preview.asset import archive_hash, asset_hash
from preview.value import (
    ARCHIVE,
    ASSET,
    REFERENCE,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    Json,
    Secret,
    Unknown,
    Value,
)

_INTEGERS_END = 1e21  # from here on the engine writes numbers with an exponent


def decode(struct: struct_pb2.Struct, root: Path) -> dict[str, Value]:
    """What serialized properties say, keys in order.

    Args:
        struct: The properties as the SDK serialized them.
        root: The directory that relative paths of assets start from; their contents are hashed.

    Raises:
        RecordingError: An asset names a file that can't be read.
    """
    return {key: decode_value(struct.fields[key], root) for key in sorted(struct.fields)}


def decode_value(value: struct_pb2.Value, root: Path) -> Value:
    """What one serialized property says; arguments and errors as for `decode`."""
    match value.WhichOneof("kind"):
        case "string_value":
            text: str = value.string_value
            return UNKNOWN if text == UNKNOWN.value else text
        case "number_value":
            number: float = value.number_value
            whole = number.is_integer() and abs(number) < _INTEGERS_END
            return int(number) if whole else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [decode_value(item, root) for item in value.list_value.values]
        case "struct_value":
            return _decode_struct(value.struct_value, root)
        case _:
            return None


def _decode_struct(struct: struct_pb2.Struct, root: Path) -> Value:
    signature = struct.fields[SIGNATURE].string_value if SIGNATURE in struct.fields else None
    if signature == SECRET:
        inner = decode_value(struct.fields["value"], root)
        return inner if isinstance(inner, Secret) else Secret(inner)
    plain = decode(struct, root)
    if signature == REFERENCE:
        return {**plain, "packageVersion": plain.get("packageVersion", "")}
    if signature in (ASSET, ARCHIVE):
        found = (asset_hash if signature == ASSET else archive_hash)(plain, root)
        return plain if found is None else dict(sorted({**plain, "hash": found}.items()))
    return plain


def encode(values: Mapping[str, Value]) -> struct_pb2.Struct:
    """The opposite of `decode`: what an SDK reads as these values."""
    struct = struct_pb2.Struct()
    struct.update({key: _encode(value) for key, value in values.items()})
    return struct


def _encode(value: Value) -> Json:
    match value:
        case Unknown():
            return value.value
        case Secret():
            return {SIGNATURE: SECRET, "value": _encode(value.value)}
        case Mapping():
            return {key: _encode(item) for key, item in value.items()}
        case list() | tuple():
            return [_encode(item) for item in value]
        case _:
            return value


def mark_secret(struct: struct_pb2.Struct, key: str) -> None:
    """Make a serialized property secret. One that isn't there becomes a secret unknown."""
    box = struct_pb2.Value()
    if key in struct.fields:
        box.CopyFrom(struct.fields[key])
    else:
        box.string_value = UNKNOWN.value
    inner = box.struct_value.fields
    if box.WhichOneof("kind") == "struct_value" and inner[SIGNATURE].string_value == SECRET:
        return
    marked = struct.fields[key].struct_value
    marked.Clear()
    marked.fields[SIGNATURE].string_value = SECRET
    marked.fields["value"].CopyFrom(box)
