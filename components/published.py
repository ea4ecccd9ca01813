"""What registries publish, remembered on this machine: a second deploy asks nothing.

Only that an image is there for a platform is remembered: what was missing may come.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final

from graph.model import StackGraph
from graph.platforms import Answer, Published, wanted

_MOST: Final = 2000
"""Images that are remembered; the oldest give way."""


def cache_file() -> Path:
    """Give the file that remembers: ``stackgraph/platforms.json`` where the user's caches are."""
    configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The specification says that a relative path is to be ignored.
    folder = configured if configured.is_absolute() else Path.home() / ".cache"
    return folder / "stackgraph" / "platforms.json"


def ask_once(
    graph: StackGraph, ask: Callable[[Collection[str]], Mapping[str, Answer]], file: Path
) -> dict[str, Answer]:
    """Give the answer for every image that hosts pull; those are asked that are not remembered."""
    known = _read(file)
    answers: dict[str, Answer] = {}
    asked: set[str] = set()
    for image in wanted(graph):
        answer = known.get(image.reference)
        if answer is None or not answer.runs_on(image.platform):
            asked.add(image.reference)
        else:
            answers[image.reference] = answer
    if asked:
        answers |= ask(sorted(asked))
        _write(file, {**known, **_published(answers)})
    return answers


def _published(answers: Mapping[str, Answer]) -> dict[str, Published]:
    return {name: answer for name, answer in answers.items() if isinstance(answer, Published)}


def _read(file: Path) -> dict[str, Published]:
    """Read what is remembered; a file that is missing or broken remembers nothing."""
    try:
        images = json.loads(file.read_text(encoding="utf-8"))["images"]
        return {
            str(name): Published(platforms=tuple(str(each) for each in platforms))
            for name, platforms in images.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _write(file: Path, images: Mapping[str, Published]) -> None:
    """Replace the file as a whole; where it cannot be written, the next deploy asks again."""
    last = dict(list(images.items())[-_MOST:])
    text = json.dumps({"images": {name: each.platforms for name, each in last.items()}}, indent=1)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(f"{text}\n")
            Path(temporary).replace(file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
