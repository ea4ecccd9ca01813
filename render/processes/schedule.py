"""A schedule of cron as systemd's calendar has it."""

from __future__ import annotations

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


def calendar(schedule: str) -> tuple[str, ...]:
    """Give what ``OnCalendar`` says for five cron fields, in the host's own time.

    Where both days are restricted, cron runs on either: these are two calendars.
    """
    minute, hour, day, month, weekday = schedule.split()
    at = f"{_numbers(hour, 0, 23)}:{_numbers(minute, 0, 59)}:00"
    months = _numbers(month, 1, 12)
    days, weekdays = _numbers(day, 1, 31), _weekdays(weekday)
    if not day.startswith("*") and not weekday.startswith("*"):
        return (f"*-{months}-{days} {at}", f"{weekdays} *-{months}-* {at}")
    return (f"{weekdays} *-{months}-{days} {at}".strip(),)


def _values(field: str, low: int, high: int) -> list[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = low if first == "*" else int(first)
        # a number with a step means: from there on
        end = int(last) if last else high if first == "*" or step else start
        found.update(range(start, end + 1, int(step or 1)))
    return sorted(found)


def _numbers(field: str, low: int, high: int) -> str:
    values = _values(field, low, high)
    if len(values) == high - low + 1:
        return "*"
    return ",".join(f"{value:02d}" for value in values)


def _weekdays(field: str) -> str:
    values = {value % 7 for value in _values(field, 0, 7)}
    return "" if len(values) == 7 else ",".join(_DAYS[value] for value in sorted(values))
