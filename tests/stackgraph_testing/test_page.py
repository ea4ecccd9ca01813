"""The page on testing shows the examples that run in this suite, word for word."""

from __future__ import annotations

import re
from pathlib import Path

_EXAMPLE = re.compile(r"(\[(examples/\w+\.py)\]\(\2\)\n\n```python\n)(.*?)(```\n)", re.DOTALL)


def test_examples_on_the_page_are_the_files(project: Path, update_golden: bool) -> None:
    page = project / "docs/testing.md"
    text = page.read_text(encoding="utf-8")
    examples = sorted(path.name for path in (project / "docs/examples").glob("*.py"))
    assert sorted(Path(match[2]).name for match in _EXAMPLE.finditer(text)) == examples
    found = _EXAMPLE.sub(
        lambda match: match[1] + (page.parent / match[2]).read_text(encoding="utf-8") + match[4],
        text,
    )
    if update_golden:
        page.write_text(found, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == found, "run pytest with --update-golden if right"
