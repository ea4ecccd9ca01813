"""Garbage collection, stopped where it takes most of the time and frees next to nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def garbage_left_alone() -> Iterator[None]:
    """Stop collecting garbage for a while.

    Registering resources, or reading a large preview, makes millions of objects, nearly all of
    which live until the end. Visiting them again and again would take more time than all else.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()
