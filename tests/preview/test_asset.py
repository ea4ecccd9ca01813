"""Hashes of files: those of the real engine, and that contents decide."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pytest

from preview.asset import archive_hash, asset_hash
from preview.error import RecordingError
from tests.preview.programs import Box, run

# What Pulumi 3.255.0 said about these.
HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
DIRECTORY = "d4c2447b5825c512f663a2a67a6ddb298595d709fe4c19581b42fe64ce984089"
DEEP = "f90528c0ce0d3a31d1fe5d025046b398f766f927d449a5df0657214f4db260b4"
MIXED = "f1a17befff244bfc603879d35a284e0ed9144ad36dd10e6740489d53bb14d2c6"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("hi\n")
    return tmp_path


def test_hashes_are_the_engines(root: Path) -> None:
    assert asset_hash({"text": "hello"}, root) == HELLO
    assert archive_hash({"path": "d"}, root) == DIRECTORY
    mixed = {"assets": {"x": {"text": "hello"}, "sub": {"path": "d"}}}
    assert archive_hash(mixed, root) == MIXED


def test_names_of_any_depth_and_links_are_hashed_as_the_engine_does(root: Path) -> None:
    directory = root / "d"
    for path, text in {
        "sub/deep/file": "x\n",
        "sub.txt": "y\n",
        f"{'a' * 60}/{'a' * 60}/f": "long\n",
    }.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    (directory / "link").symlink_to("f")
    (directory / "dirlink").symlink_to("sub")
    assert archive_hash({"path": "d"}, root) == DEEP


def test_a_recording_has_them(root: Path) -> None:
    def program() -> None:
        mixed: dict[str, pulumi.Asset | pulumi.Archive] = {
            "x": pulumi.StringAsset("hello"),
            "sub": pulumi.FileArchive("d"),
        }
        Box(
            "it",
            {
                "text": pulumi.StringAsset("hello"),
                "file": pulumi.FileAsset("d/f"),
                "archive": pulumi.AssetArchive(mixed),
                "far": pulumi.RemoteAsset("https://files.example/a"),
            },
        )

    inputs = run(program, root=root).one("it").inputs
    assert inputs["text"]["hash"] == HELLO
    assert inputs["file"]["path"] == "d/f"
    assert inputs["archive"]["hash"] == MIXED
    assert inputs["archive"]["assets"]["sub"]["hash"] == DIRECTORY
    assert "hash" not in inputs["far"]


def test_every_file_of_a_directory_counts_and_its_bookkeeping_does_not(root: Path) -> None:
    hashes = {archive_hash({"path": "d"}, root)}
    deep = root / "d" / ("long" * 20) / ("name" * 20)
    deep.mkdir(parents=True)
    assert archive_hash({"path": "d"}, root) in hashes
    for path, text in [("é", "1"), ("é", "2"), (f"{deep}/file", "3"), (f"{deep}/file2", "3")]:
        (root / "d" / path).write_text(text)
        found = archive_hash({"path": "d"}, root)
        assert found not in hashes
        hashes.add(found)
    (root / "d" / ".pulumi").mkdir()
    (root / "d" / ".pulumi" / "x").write_text("y")
    (root / "d" / "link").symlink_to(deep)
    assert archive_hash({"path": "d"}, root) in hashes


def test_of_two_files_with_one_name_the_first_counts(root: Path) -> None:
    twice = {"assets": {"d": {"path": "d"}, "d/f": {"text": "other"}}}
    once = {"assets": {"d": {"path": "d"}}}
    assert archive_hash(twice, root) == archive_hash(once, root)


def test_an_archive_file_counts_as_the_file_that_it_is(root: Path) -> None:
    (root / "a.zip").write_text("hello")
    assert archive_hash({"path": "a.zip"}, root) == HELLO
    assert archive_hash({"assets": {"a": {"path": "a.zip"}}}, root) is not None


def test_what_is_elsewhere_or_unknown_has_no_hash(root: Path) -> None:
    assert asset_hash({"uri": "https://files.example/a"}, root) is None
    far = {"assets": {"a": {"text": "x"}, "b": {"uri": "https://files.example/a"}}}
    assert archive_hash(far, root) is None


@pytest.mark.parametrize("kind", [pulumi.FileAsset, pulumi.FileArchive])
def test_a_missing_file_is_named(kind: type[pulumi.FileAsset], root: Path) -> None:
    with pytest.raises(RecordingError) as caught:
        run(lambda: Box("it", {"file": kind("site/index.html")}), root=root)
    assert str(caught.value) == (
        "asset site/index.html: can't be read: No such file or directory; "
        "give a path from the directory of Pulumi.yaml"
    )
