"""Numbers as people write them: sizes, periods, schedules."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (("TiB", 1024**4), ("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))
_PERIODS = (("day", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ANY = "*"


def size(count: int | None) -> str:
    """Write a number of bytes in the largest unit that needs no fraction; nothing for None or 0."""
    if not count:
        return ""
    for unit, factor in _UNITS:
        if count % factor == 0:
            return f"{count // factor} {unit}"
    return f"{count} B"


def period(value: timedelta) -> str:
    """Write a duration in the largest unit that needs no fraction: ``90 s``, ``5 min``, ``1 h``."""
    seconds = value.total_seconds()
    for unit, factor in _PERIODS:
        if seconds >= factor and seconds % factor == 0:
            number = int(seconds // factor)
            if unit == "day":
                # A day and 24 hours are one; a single one reads better in hours.
                if number == 1:
                    return "24 h"
                unit = "days"
            return f"{number} {unit}"
    return f"{seconds:g} s"


def schedule(cron: str) -> str:
    """Write a cron schedule: the time of a daily one, the day too of others; else as it is."""
    minute, hour, day, month, weekday = cron.split()
    if not minute.isdigit() or month != _ANY:
        return cron
    if (hour, day, weekday) == (_ANY, _ANY, _ANY):
        return f"every hour at :{int(minute):02}"
    if not hour.isdigit():
        return cron
    time = f"{int(hour):02}:{int(minute):02}"
    if (day, weekday) == (_ANY, _ANY):
        return time
    if day == _ANY and weekday.isdigit():
        return f"{_DAYS[int(weekday)]} {time}"
    if weekday == _ANY and day.isdigit():
        return f"day {int(day)} of the month, {time}"
    return cron
