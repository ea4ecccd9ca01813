"""Parses JSON, strictly and fast.

jiter, because of the parsers measured (`bench/reading.py`) only it finds keys that stand twice; it
also limits how deep values may nest, and keeps equal texts once.
"""

from __future__ import annotations

import re
from typing import Final

import jiter

from preview.reader import REMEDY
from preview.value import Json

CUT_OFF: Final = "is cut off: the preview was stopped, or the file was not written to its end"
AGAIN: Final = "run the preview again"

_FACTS: Final = {
    "EOF while": f"{CUT_OFF}; {AGAIN}",
    "duplicate key": f"has a key twice in one object; {REMEDY}",
    "trailing characters": "has other text after its JSON; keep standard error apart: no `2>&1`",
    "recursion limit": f"nests deeper than 200 values; {REMEDY}",
    "NaN": f"holds NaN or Infinity, which JSON doesn't have; {REMEDY}",
}


def parsed(data: bytes, place: str = "") -> Json:
    """The value of a JSON text.

    Args:
        data: UTF-8.
        place: What of the file it is, for messages, if not all of it.

    Raises:
        ValueError: It isn't JSON; `fact; remedy`, with nothing of the text.
    """
    try:
        return jiter.from_json(data, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        problem = str(error)
    at = f"{place}: " if place else ""
    for word, fact in _FACTS.items():
        if word.lower() in problem.lower():
            raise ValueError(f"{at}{fact}")
    if re.search(rb"[:\[,]\s*-?(?:NaN|Infinity)\s*[,\]}]", data):
        raise ValueError(f"{at}{_FACTS['NaN']}")
    raise ValueError(f"{at}is not JSON; {REMEDY}")
