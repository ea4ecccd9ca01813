"""Sizes, periods and schedules as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from render.words import period, schedule, size


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (None, ""),
        (0, ""),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1536 B"),
        (64 * 1024**2, "64 MiB"),
        (1536 * 1024**2, "1536 MiB"),
        (12 * 1024**3, "12 GiB"),
        (2 * 1024**4, "2 TiB"),
    ],
)
def test_sizes(count: int | None, written: str) -> None:
    assert size(count) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0 s"),
        (0.5, "0.5 s"),
        (1, "1 s"),
        (60, "1 min"),
        (90, "90 s"),
        (3600, "1 h"),
        (5400, "90 min"),
        (86_400, "24 h"),
        (172_800, "2 days"),
        (2_592_000, "30 days"),
    ],
)
def test_periods(seconds: float, written: str) -> None:
    assert period(timedelta(seconds=seconds)) == written


@pytest.mark.parametrize(
    ("cron", "written"),
    [
        ("55 2 * * *", "02:55"),
        ("0 * * * *", "every hour at :00"),
        ("5 4 * * 0", "Sunday 04:05"),
        ("5 4 * * 7", "Sunday 04:05"),
        ("5 4 * * 6", "Saturday 04:05"),
        ("30 5 1 * *", "day 1 of the month, 05:30"),
        ("*/5 * * * *", "*/5 * * * *"),
        ("0 */2 * * *", "0 */2 * * *"),
        ("0 * 1 * *", "0 * 1 * *"),
        ("0 3 1 * 1", "0 3 1 * 1"),
        ("0 3 1 1 *", "0 3 1 1 *"),
        ("0 3 * * 1-5", "0 3 * * 1-5"),
        ("0 3 1,15 * *", "0 3 1,15 * *"),
    ],
)
def test_schedules(cron: str, written: str) -> None:
    assert schedule(cron) == written
