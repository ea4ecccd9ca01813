"""Scalars: what each text means, what is refused, and that texts come back as they went."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.units import (
    MAX_PORT,
    format_duration,
    format_port_range,
    parse_bytes,
    parse_duration,
    parse_port_range,
    scalar_text,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("30s", 30),
        ("1m30s", 90),
        ("1h5m30s20ms", 3930.02),
        ("500ms", 0.5),
        ("1.5s", 1.5),
        ("0.5h", 1800),
        ("1s1m", 61),
        ("100us", 0.0001),
        ("100µs", 0.0001),
        ("1000ns", 0.000001),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["", "30", "s", "-5s", "1 s", "1m 30s", "1d", "1w", "1M", "1,5s", "٣s", "9" * 400 + "h"],
    ids=str,
)
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write one like"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.000001, "1µs"),
        (0.0000015, "2µs"),
        (0.0105, "10.5ms"),
        (1, "1s"),
        (1.5, "1.5s"),
        (60, "1m0s"),
        (90, "1m30s"),
        (3600, "1h0m0s"),
        (3605.25, "1h0m5.25s"),
    ],
)
def test_durations_are_written_as_go_does(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=1000)))
def test_written_durations_are_read_again(value: timedelta) -> None:
    assert parse_duration(format_duration(value)) == value


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (0, 0),
        (1000, 1000),
        ("2000", 2000),
        ("2b", 2),
        ("1k", 1024),
        ("1kb", 1024),
        ("1KiB", 1024),
        ("512m", 512 * 1024**2),
        ("1.5g", 1536 * 1024**2),
        ("12GiB", 12 * 1024**3),
        ("12 GiB", 12 * 1024**3),
        ("1T", 1024**4),
    ],
)
def test_sizes(value: str | int, size: int) -> None:
    assert parse_bytes(value) == size


@pytest.mark.parametrize(
    "value", ["", "m", "-1", -1, "1ib", "1q", "1 mb ", "1mm", True, None, []], ids=repr
)
def test_no_sizes(value: object) -> None:
    with pytest.raises(ValueError, match="is not a size; write one like"):
        parse_bytes(value)


@given(st.integers(1, MAX_PORT), st.integers(1, MAX_PORT))
def test_written_port_ranges_are_read_again(one: int, other: int) -> None:
    ports = range(min(one, other), max(one, other) + 1)
    assert parse_port_range(format_port_range(ports)) == ports


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is not a port or a range of ports; write 8080 or 10000-10100"),
        ("-80", "'-80' is not a port or a range of ports; write 8080 or 10000-10100"),
        ("80-", "'80-' is not a port or a range of ports; write 8080 or 10000-10100"),
        ("1-2-3", "'1-2-3' is not a port or a range of ports; write 8080 or 10000-10100"),
        ("²", "'²' is not a port or a range of ports; write 8080 or 10000-10100"),
        ("0", "port 0 is outside 1-65535; use a port in that range"),
        ("65535-65536", "port 65535-65536 is outside 1-65535; use a port in that range"),
        ("20-10", "port range 20-10 ends before it begins; write the lower port first"),
    ],
)
def test_no_ports(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 — the whole message is compared
        parse_port_range(text)
    assert str(caught.value) == message


@given(st.text() | st.from_regex(r"[0-9.]+ ?[a-zA-Zµ]*(-[0-9]+)?"))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_duration, parse_bytes, parse_port_range):
        try:
            parse(text)
        except ValueError as error:
            fact, separator, remedy = str(error).partition("; ")
            said = bool(fact and separator and remedy)
        else:
            said = True
        assert said


# Go's %v, as `docker compose config` has written each of them
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-17, "-17"),
        (1.1, "1.1"),
        (1.0, "1"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (100000.0, "100000"),
        (1000000.0, "1e+06"),
        (999999.5, "999999.5"),
        (1234567.5, "1.2345675e+06"),
        (123456789.0, "1.23456789e+08"),
        (1.5e300, "1.5e+300"),
        (-2.5e-7, "-2.5e-07"),
        ("text", "text"),
    ],
)
def test_scalars_as_compose_writes_them(value: object, text: str) -> None:
    assert scalar_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_their_value(value: float) -> None:
    assert float(scalar_text(value)) == value
