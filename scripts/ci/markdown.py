"""What a comment's text may be: marked, short enough, and harmless where others wrote it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LARGEST: Final = 256 * 1024
"""Bytes of a report that came from a pull request's own run; past them it is refused."""

MARKER: Final = re.compile(r"<!-- stackgraph gate ([A-Za-z0-9][A-Za-z0-9._/-]{0,99}) -->")
_STAMP: Final = re.compile(r"^<!-- (preview|offline) of ([0-9a-f]{40}) -->$", re.MULTILINE)
_TAGS: Final = r"(?:/?(?:details|summary|br|sub|sup|b|i|code|kbd|table|thead|tbody|tr|th|td)\b)"
_HTML: Final = re.compile(rf"<(?=[A-Za-z/!?])(?!{_TAGS})", re.IGNORECASE)
_MENTION: Final = re.compile(r"@(?=\w)")
_IMAGE: Final = re.compile(r"!(?=\[)")
_APART: Final = "\N{ZERO WIDTH SPACE}"
_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})")


class TextError(Exception):
    """Why a text is not written anywhere: one line."""


def stack_of(text: str) -> str | None:
    """Give the stack that a comment is about, from the marker in its first line."""
    match = MARKER.match(text)
    return match[1] if match else None


def stamped(text: str, kind: str, commit: str) -> str:
    """Put what was looked at under the marker: ``preview`` or ``offline``, and the commit."""
    marker, _, rest = text.partition("\n")
    return f"{marker}\n<!-- {kind} of {commit} -->\n{rest}"


def stamp_of(text: str) -> tuple[str, str] | None:
    """Give the kind and the commit that :func:`stamped` put there."""
    match = _STAMP.search(text[:400])
    return (match[1], match[2]) if match else None


def decoded(data: bytes, name: str) -> str:
    """Give the text of a report, or refuse what is none: too large, binary, without marker."""
    if len(data) > LARGEST:
        raise TextError(f"{name}: {len(data)} bytes, and {LARGEST} are the most; not posted")
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise TextError(f"{name}: not UTF-8; not posted") from None
    if any(unicodedata.category(sign) in {"Cc", "Cf"} and sign not in "\n\t" for sign in text):
        raise TextError(f"{name}: has control or invisible characters; not posted")
    if stack_of(text) is None:
        raise TextError(f"{name}: does not begin with the gate's marker; not posted")
    return text


def harmless(text: str) -> str:
    """Let a stranger's report mention nobody, load nothing and hide nothing.

    An invisible space goes into mentions, images, and HTML other than folding and tables; what
    the reader sees stays. The marker is kept: it is in its first line and nowhere else.
    """
    marker, _, rest = text.partition("\n")
    for pattern, start in ((_HTML, "<"), (_MENTION, "@"), (_IMAGE, "!")):
        rest = pattern.sub(start + _APART, rest)
    return f"{marker}\n{rest}"


def fitted(text: str, limit: int, where: str) -> str:
    """Cut a text to what the forge takes, at a line's end, with folds and code blocks closed.

    The last line then says so, and ``where`` says where the whole is. Counted in UTF-16 units,
    the larger way of counting characters.
    """
    if _length(text) <= limit:
        return text
    lines = text.split("\n")
    note = f"**Cut here: this is too long for a comment.** The whole is in {where}."
    room = limit - _length(note) - 2000  # for what closes
    kept: list[str] = []
    used = 0
    for line in lines:
        used += _length(line) + 1
        if used > room:
            break
        kept.append(line)
    fence, folds = _open(kept)
    end = ([fence] if fence else []) + ["", *["</details>"] * min(folds, 100), "", note, ""]
    return "\n".join(kept + end)


def _open(lines: list[str]) -> tuple[str, int]:
    """Give the code fence that is open after these lines, and how many folds are."""
    fence, folds = "", 0
    for line in lines:
        if match := _FENCE.match(line):
            if not fence:
                fence = match[1]
            elif match[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
        elif not fence:
            folds += line.count("<details") - line.count("</details>")
    return fence, max(folds, 0)


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
