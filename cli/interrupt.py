"""Requests to end, as exceptions: so that what was begun is tidied up."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


@contextmanager
def interruptible(first: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Let SIGINT and SIGTERM be exceptions meanwhile; ``first`` is done before they are raised.

    Elsewhere than in the main thread, where nobody may, nothing changes.
    """

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        first()
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    try:
        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
