r"""How text gets into the page: as text, whatever it holds.

Elements are made with ElementTree, which escapes every text and attribute when it writes them, so
no part of the page is pasted together. What a reader could not see, or would see in another order
than it is, is written out: ``\u{202e}``.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, TypeAlias
from xml.etree import ElementTree as ET

from preview.report.words import visible

Element: TypeAlias = ET.Element
Content: TypeAlias = "Element | str | None"

_BREAKS: Final = re.compile(r"([\n\t])")


def shown(text: str) -> str:
    """Give a text in which every character can be seen; lines and tabs stay."""
    return "".join(part if part in "\n\t" else visible(part) for part in _BREAKS.split(text))


def el(tag: str, *content: Content, **attributes: str | bool | None) -> Element:
    """Make an element. ``class_`` and ``for_`` lose the underscore, others turn it into a hyphen.

    An attribute that is None or False is left out; one that is True stands alone.
    """
    element = ET.Element(tag)
    for name, value in attributes.items():
        if value is not None and value is not False:
            key = name.rstrip("_").replace("_", "-")
            element.set(key, key if value is True else shown(value))
    add(element, *content)
    return element


def add(element: Element, *content: Content) -> None:
    """Put elements and texts at an element's end."""
    for each in content:
        if each is None:
            continue
        if isinstance(each, ET.Element):
            element.append(each)
        elif len(element):
            last = element[-1]
            last.tail = (last.tail or "") + shown(each)
        else:
            element.text = (element.text or "") + shown(each)


def shortened(text: str, room: float) -> str:
    """Give a text that fits into a number of ems, shortened in its middle."""
    if width(text) <= room:
        return text
    kept = len(text) - 1
    while kept > 2 and width(text[: (kept + 1) // 2] + "…" + text[-(kept // 2) :]) > room:
        kept -= 1
    return text[: (kept + 1) // 2] + "…" + text[-(kept // 2) :]


def width(text: str) -> float:
    """Estimate a text's width in ems, in any of the usual fonts: rather too wide than too narrow.

    The page is made where nothing can measure, and must look alike everywhere.
    """
    return sum(map(_em, text))


def _em(character: str) -> float:
    if character in "iljtfrI.,:;|!'()[]/ ":
        return 0.37
    if character in "mwMW@%…":
        return 0.95
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    return 0.74 if character.isupper() else 0.6
