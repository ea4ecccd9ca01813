"""`stackgraph plan --html`: the page of a plan, and of what changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.workspace import shop, stackgraph


def test_page_of_a_system(tmp_path: Path) -> None:
    folder = shop(tmp_path / "here", {})
    file = tmp_path / "pages" / "plan.html"
    answer = stackgraph(folder, "plan", "--html", str(file))
    assert answer.exit_code == 0
    assert "docker:index:Container" in answer.out
    assert f"note: the page is in {file}; a browser shows it, also offline" in answer.err
    text = file.read_text()
    assert text.startswith("<!doctype html>\n<html")
    assert "shop.example.com" in text
    assert "dev-only" not in text
    assert 'class="whole"' in text
    assert stackgraph(folder, "plan", "--html", str(file)).exit_code == 0
    assert file.read_text() == text


def test_page_of_a_change(tmp_path: Path) -> None:
    old = shop(tmp_path / "old", {})
    new = tmp_path / "new"
    shutil.copytree(old, new)
    compose = new / "systems/shop/web.compose.yaml"
    compose.write_text(compose.read_text().replace("nginx:1.29.3", "nginx:1.29.4"))
    file = tmp_path / "plan.html"
    answer = stackgraph(new, "plan", "--against", str(old), "--html", str(file))
    assert answer.exit_code == 0, answer.err
    text = file.read_text()
    assert 'class="compared"' in text
    for each in ("nginx:1.29.3", "nginx:1.29.4", "front nginx:1.29.4, service, replaced"):
        assert each in text


def test_with_json_both_are_written(tmp_path: Path) -> None:
    folder = shop(tmp_path / "here", {})
    file = tmp_path / "plan.html"
    answer = stackgraph(folder, "plan", "--json", "--html", str(file))
    assert answer.out.startswith("{")
    assert file.is_file()


@pytest.mark.parametrize(
    ("name", "why"), [("a-file/plan.html", "file exists"), (".", "is a directory")]
)
def test_where_no_page_can_be(tmp_path: Path, name: str, why: str) -> None:
    folder = shop(tmp_path / "here", {})
    (tmp_path / "a-file").write_text("")
    file = tmp_path / name
    answer = stackgraph(folder, "plan", "--html", str(file))
    assert answer.exit_code == 2
    assert f"{file}: {why}; name another file" in answer.err
