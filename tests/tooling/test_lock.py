from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scripts import lock

_NAME = re.compile(r"[-_.]+")


def normal(name: str) -> str:
    return _NAME.sub("-", name).lower()


def versions(pins: list[str]) -> dict[str, str]:
    return {normal(pin.split("==")[0]): pin.split("==")[1].split(";")[0].strip() for pin in pins}


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads(lock.PYPROJECT.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def locked() -> list[str]:
    return lock.pins(lock.LOCK.read_text(encoding="utf-8"))


def test_the_constraints_are_the_locked_closure(
    pyproject: dict[str, Any], locked: list[str]
) -> None:
    assert pyproject["tool"]["uv"]["constraint-dependencies"] == locked


def test_direct_dependencies_are_pinned_exactly_and_as_locked(
    pyproject: dict[str, Any], locked: list[str]
) -> None:
    direct = pyproject["project"]["dependencies"] + pyproject["dependency-groups"]["dev"]
    assert [pin for pin in direct if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []
    assert versions(direct).items() <= versions(locked).items()


def test_the_build_backend_is_the_locked_one(pyproject: dict[str, Any], locked: list[str]) -> None:
    (backend,) = pyproject["build-system"]["requires"]
    assert backend in locked


def test_uv_is_pinned_and_fits_the_range(pyproject: dict[str, Any]) -> None:
    assert (
        lock.pins(lock.UV_LOCK.read_text(encoding="utf-8")) == pyproject["dependency-groups"]["uv"]
    )
    (pin,) = pyproject["dependency-groups"]["uv"]
    least = pyproject["tool"]["uv"]["required-version"]
    assert re.fullmatch(r">=\d+\.\d+", least), "scripts/setup.sh reads this form"
    numbers = [tuple(map(int, text.split("."))) for text in (pin[4:], least[2:])]
    assert numbers[0] >= numbers[1]


def test_every_locked_package_has_hashes() -> None:
    for path in (lock.LOCK, lock.UV_LOCK):
        text = path.read_text(encoding="utf-8")
        entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
        assert len(entries) == len(lock.pins(text))
        assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_a_generated_uv_lock_has_the_same_versions(
    project: Path, pyproject: dict[str, Any], locked: list[str]
) -> None:
    path = project / "uv.lock"
    if not path.exists():
        pytest.skip("no uv.lock was generated here")
    if path.stat().st_mtime < lock.PYPROJECT.stat().st_mtime:
        pytest.skip("uv.lock is older than pyproject.toml; make setup renews it")
    found = {
        normal(package["name"]): package["version"]
        for package in tomllib.loads(path.read_text(encoding="utf-8"))["package"]
        if "registry" in package["source"]
    }
    assert found == versions(locked + pyproject["dependency-groups"]["uv"])


def test_pins_reads_markers_and_leaves_hashes_and_comments() -> None:
    text = "# header\na-b==1.0 ; os_name == 'nt' \\\n    --hash=sha256:0\n    # via c\nc==2\n"
    assert lock.pins(text) == ["a-b==1.0 ; os_name == 'nt'", "c==2"]


def test_with_constraints_replaces_only_the_list() -> None:
    text = '[tool.uv]\nconstraint-dependencies = [\n    "a==1",\n]\n\n[tool.x]\ny = [\n]\n'
    expected = '[tool.uv]\nconstraint-dependencies = [\n    "b==2",\n]\n\n[tool.x]\ny = [\n]\n'
    assert lock.with_constraints(text, ["b==2"]) == expected


def test_with_constraints_refuses_a_file_without_the_list() -> None:
    with pytest.raises(SystemExit, match="must stand there once"):
        lock.with_constraints("[tool.uv]\n", [])
