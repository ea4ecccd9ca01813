"""Scalar units of the files: durations, byte sizes, ports and port ranges, CIDRs, names.

The texts and their meaning are the Compose Specification's
(https://github.com/compose-spec/compose-spec, ``11-extension.md``: durations, byte values).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

_DURATION_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)")
_DURATION_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]+)?) ?(?:([kmgt])i?)?b?", re.IGNORECASE)
_SIZE_POWERS = {None: 0, "k": 1, "m": 2, "g": 3, "t": 4}
_DIGITS = re.compile(r"[0-9]{1,9}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_HOST_NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
MAX_PORT = 65_535


def shown(value: object) -> str:
    """Write a value that is wrong, for people; of mappings and lists only that they are one."""
    # Texts of stack secrets have a type of their own and never come here as plain values.
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return repr(value)
    return "a mapping" if isinstance(value, Mapping) else "a list"


def parse_duration(value: object) -> timedelta:
    """Read ``1m30s``-like text as Go and Compose do; a bare number has no unit and is refused."""
    if isinstance(value, timedelta):
        return value
    text = str(value)
    if text == "0":
        return timedelta()
    parts = _DURATION_PART.findall(text)
    if not 0 < len(parts) < 10 or "".join(number + unit for number, unit in parts) != text:
        msg = f"{shown(value)} is not a duration; write one like 30s, 1m30s or 500ms"
        raise ValueError(msg)
    return timedelta(seconds=sum(float(number) * _DURATION_UNITS[unit] for number, unit in parts))


def format_duration(value: timedelta) -> str:
    """Write a duration as Go's ``time.Duration`` prints it, so that read-backs show no diff."""
    micros = round(value.total_seconds() * 1_000_000)
    if micros == 0:
        return "0s"
    if micros < 1_000_000:
        return f"{micros / 1000:g}ms" if micros >= 1000 else f"{micros}µs"
    hours, rest = divmod(micros, 3_600_000_000)
    minutes, rest = divmod(rest, 60_000_000)
    seconds = f"{rest / 1_000_000:.6f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def parse_bytes(value: object) -> int:
    """Read a byte size: ``512m``, ``1gb``, ``12GiB`` or a number of bytes; multiples of 1024."""
    match = _SIZE.fullmatch(str(value))
    if match is None or isinstance(value, bool):
        msg = f"{shown(value)} is not a size; write one like 512m, 1.5g or 12GiB"
        raise ValueError(msg)
    return int(float(match[1]) * 1024 ** _SIZE_POWERS[match[2] and match[2].lower()])


def parse_port_range(text: str) -> range:
    """Read ``8080`` or ``10000-10100`` (both ends included) as a range of port numbers."""
    first, _, last = text.partition("-")
    if not (_DIGITS.fullmatch(first) and (_DIGITS.fullmatch(last) or "-" not in text)):
        msg = f"{text!r} is not a port or a range of ports; write 8080 or 10000-10100"
        raise ValueError(msg)
    low, high = int(first), int(last or first)
    if not 1 <= low <= MAX_PORT or not 1 <= high <= MAX_PORT:
        msg = f"port {text} is outside 1-{MAX_PORT}; use a port in that range"
        raise ValueError(msg)
    if high < low:
        msg = f"port range {text} ends before it begins; write the lower port first"
        raise ValueError(msg)
    return range(low, high + 1)


def format_port_range(ports: range) -> str:
    """Write a range of ports as ``8080`` or ``10000-10100``."""
    return str(ports.start) if len(ports) == 1 else f"{ports.start}-{ports.stop - 1}"


def _label(text: str) -> str:
    if not _LABEL.fullmatch(text) or len(text) > 63:
        msg = (
            f"{text!r} cannot be a name; use lower-case letters, digits and inner hyphens, "
            "63 at most"
        )
        raise ValueError(msg)
    return text


def check_host_name(text: str) -> str:
    """Give a full, lower-case host name back; a ``ValueError`` when it is none."""
    if not _HOST_NAME.fullmatch(text) or len(text) > 253:
        msg = f"{text!r} is not a host name; write a full, lower-case one like app.example.com"
        raise ValueError(msg)
    return text


def _cidr(value: object) -> str:
    try:
        return str(ipaddress.ip_network(str(value)))
    except ValueError:
        msg = (
            f"{shown(value)} is not a network; write one like 172.20.1.0/24, with no host bits set"
        )
        raise ValueError(msg) from None


def parse_ip(value: object) -> str:
    """Give an IP address in its shortest form; a ``ValueError`` when it is none."""
    try:
        return str(ipaddress.ip_address(str(value)))
    except ValueError:
        msg = f"{shown(value)} is not an IP address; write one like 192.0.2.10"
        raise ValueError(msg) from None


def scalar_text(value: object) -> Any:
    """Write a number or a boolean that YAML has typed already as Compose does: ``1.10`` is 1.1.

    Anything else is given back as it is.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    return str(value) if isinstance(value, int) else value


def _float_text(value: float) -> str:
    # The shortest digits, with an exponent where Go has one: below -4 and from 6 on.
    number = Decimal(repr(value))
    if not number.is_finite() or -5 < number.adjusted() < 6:
        return repr(value).removesuffix(".0")
    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
    sign, fraction = "-" if value < 0 else "", f".{digits[1:]}" if digits[1:] else ""
    return f"{sign}{digits[0]}{fraction}e{number.adjusted():+03d}"


def _boolean(value: object) -> object:
    # A variable's value is a text. The words are YAML 1.1's, which Compose still takes.
    if isinstance(value, str) and value.lower() in {"true", "yes", "on", "y"}:
        return True
    if isinstance(value, str) and value.lower() in {"false", "no", "off", "n"}:
        return False
    if isinstance(value, bool):
        return value
    msg = f"{shown(value)} is neither true nor false; write one of the two"
    raise ValueError(msg)


_TEXT_OR_NUMBER: dict[str, Any] = {"type": ["string", "number"]}

Text = Annotated[
    str, BeforeValidator(scalar_text), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
Duration = Annotated[timedelta, BeforeValidator(parse_duration), WithJsonSchema({"type": "string"})]
ByteSize = Annotated[int, BeforeValidator(parse_bytes), WithJsonSchema(_TEXT_OR_NUMBER)]
Cores = Annotated[
    float, Field(gt=0, allow_inf_nan=False), WithJsonSchema({"type": ["number", "string"]})
]
Whole = Annotated[int, WithJsonSchema({"type": ["integer", "string"]})]
Bool = Annotated[bool, BeforeValidator(_boolean), WithJsonSchema({"type": ["boolean", "string"]})]
Port = Annotated[int, Field(ge=1, le=MAX_PORT)]
Label = Annotated[str, AfterValidator(_label)]
HostName = Annotated[str, AfterValidator(check_host_name)]
Cidr = Annotated[str, BeforeValidator(_cidr), WithJsonSchema({"type": "string"})]
IpAddress = Annotated[str, BeforeValidator(parse_ip), WithJsonSchema({"type": "string"})]
