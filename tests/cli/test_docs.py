"""``stackgraph docs``: pages are written, stay as they are, and are found stale."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.workspace import SHOP, shop, stackgraph

PAGE = "docs/systems/shop.md"
UNUSED = """\
waivers:
  - {rule: P14, path: nowhere, reason: "There is no such place", until: 2099-01-01}
"""


def test_writes_once(tmp_path: Path) -> None:
    shop(tmp_path)
    first = stackgraph(tmp_path, "docs", "shop")
    assert (first.exit_code, first.out, first.err) == (0, f"{PAGE}\n", "")
    text = (tmp_path / PAGE).read_text()
    assert text.startswith("# shop\n")
    assert "README" not in text
    again = stackgraph(tmp_path, "docs", "shop")
    assert (again.exit_code, again.out, again.err) == (0, "", "")
    assert (tmp_path / PAGE).read_text() == text


def test_all_pages_by_default(tmp_path: Path) -> None:
    shop(tmp_path)
    shutil.copytree(tmp_path / "systems/shop", tmp_path / "systems/other")
    answer = stackgraph(tmp_path, "docs")
    assert answer.exit_code == 0
    assert answer.out.split() == ["docs/rules.md", "docs/systems/other.md", PAGE]
    assert (tmp_path / "docs/systems/other.md").read_text().startswith("# other\n")


def test_check_writes_nothing(tmp_path: Path) -> None:
    shop(tmp_path)
    answer = stackgraph(tmp_path, "docs", "shop", "--check")
    assert (answer.exit_code, answer.out) == (1, "")
    assert answer.err == f"{PAGE} is stale; run stackgraph docs\n"
    assert not (tmp_path / "docs").exists()


def test_check_knows_fresh_from_stale(tmp_path: Path) -> None:
    shop(tmp_path)
    stackgraph(tmp_path, "docs")
    fresh = stackgraph(tmp_path, "docs", "--check")
    assert (fresh.exit_code, fresh.out, fresh.err) == (0, "", "")
    compose = SHOP["systems/shop/web.compose.yaml"].replace("64m", "65m")
    shop(tmp_path, {"web.compose.yaml": compose})
    text = (tmp_path / PAGE).read_text()
    stale = stackgraph(tmp_path, "docs", "--check")
    assert (stale.exit_code, stale.out) == (1, "")
    assert stale.err == f"{PAGE} is stale; run stackgraph docs\n"
    assert (tmp_path / PAGE).read_text() == text
    assert stackgraph(tmp_path, "docs").out == f"{PAGE}\n"
    assert "65 MiB" in (tmp_path / PAGE).read_text()


def test_lines_that_move_change_nothing(tmp_path: Path) -> None:
    system = SHOP["systems/shop/system.yaml"] + UNUSED
    shop(tmp_path, {"system.yaml": system})
    stackgraph(tmp_path, "docs", "shop")
    assert "| waiver-unused |" in (tmp_path / PAGE).read_text()
    shop(tmp_path, {"system.yaml": f"# a comment\n{system}"})
    assert stackgraph(tmp_path, "docs", "shop", "--check").exit_code == 0


def test_a_readme_is_linked(tmp_path: Path) -> None:
    shop(tmp_path, {"README.md": "# Decisions\n"})
    stackgraph(tmp_path, "docs", "shop")
    assert "[systems/shop/README.md](../../systems/shop/README.md)" in (tmp_path / PAGE).read_text()
    assert (tmp_path / PAGE).parent.joinpath("../../systems/shop/README.md").resolve().is_file()


def test_what_only_a_stack_lacks_is_no_matter(tmp_path: Path) -> None:
    """Secrets and addresses that are not set yet decide nothing on a page."""
    shop(tmp_path)
    stackgraph(tmp_path, "docs", "shop")
    text = (tmp_path / PAGE).read_text()
    prod = SHOP["Pulumi.prod.yaml"].partition("    secrets:")[0]
    shop(tmp_path, {"Pulumi.prod.yaml": prod})
    assert stackgraph(tmp_path, "check", "shop", "--stack", "prod").exit_code == 1
    assert stackgraph(tmp_path, "docs", "shop", "--check").exit_code == 0
    assert "stack-" not in text


def test_a_waiver_that_ends_makes_no_page_stale(tmp_path: Path) -> None:
    ended = """\
waivers:
  - {rule: S17, path: variables.GREETING, reason: "It is kept for later", until: 2020-01-01}
"""
    shop(tmp_path, {"system.yaml": SHOP["systems/shop/system.yaml"] + ended})
    assert stackgraph(tmp_path, "docs", "shop").exit_code == 0
    text = (tmp_path / PAGE).read_text()
    assert "| 2020-01-01 |" in text
    assert "waiver-expired" not in text


def test_what_cannot_be_read_is_told_and_nothing_written(tmp_path: Path) -> None:
    shop(tmp_path)
    shutil.copytree(tmp_path / "systems/shop", tmp_path / "systems/other")
    for name in ("shop", "other"):
        (tmp_path / f"systems/{name}/web.compose.yaml").write_text("services: {front: {}}\n")
    answer = stackgraph(tmp_path, "docs")
    assert answer.exit_code == 1
    assert answer.out == ""
    assert [line.split(":")[0] for line in answer.err.splitlines()] == [
        "error schema systems/other/web.compose.yaml",
        "error schema systems/shop/web.compose.yaml",
    ]
    assert not (tmp_path / "docs").exists()


def test_an_unknown_system(tmp_path: Path) -> None:
    shop(tmp_path)
    answer = stackgraph(tmp_path, "docs", "shpo")
    assert (answer.exit_code, answer.out) == (2, "")
    assert "there is no system 'shpo'" in answer.err


def test_from_a_folder_inside(tmp_path: Path) -> None:
    shop(tmp_path)
    answer = stackgraph(tmp_path / "systems", "docs", "shop")
    assert answer.out == f"../{PAGE}\n"
    assert (tmp_path / PAGE).is_file()


def test_another_stack(tmp_path: Path) -> None:
    shop(tmp_path)
    stackgraph(tmp_path, "docs", "shop", "--stack", "dev")
    assert "| 8443 | TCP | Caddy |" in (tmp_path / PAGE).read_text()
    assert stackgraph(tmp_path, "docs", "shop", "--check").exit_code == 1
    assert stackgraph(tmp_path, "docs", "shop", "--check", "--stack", "dev").exit_code == 0
