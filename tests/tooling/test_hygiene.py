from __future__ import annotations

from pathlib import Path

import pytest

from scripts import hygiene


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a \nb\n", "f.txt:1: trailing whitespace"),
        ("a\r\n", "f.txt:1: carriage return"),
        ("a", "f.txt:1: no newline at the end"),
        ("a\n\n", "f.txt:1: empty line at the end"),
        ("a\n" + "<" * 7 + " HEAD\n", "f.txt:2: conflict marker"),
        ("-----BEGIN OPENSSH " + "PRIVATE KEY-----\n", "f.txt:1: private key"),
        ("cd /work" + "/main/x\n", "f.txt:1: path of one machine"),
        ("see https://py" + "pi.org/p\n", "f.txt:1: host name of a package registry"),
    ],
)
def test_finds(text: str, problem: str) -> None:
    assert list(hygiene.problems("f.txt", text)) == [problem]


@pytest.mark.parametrize("text", ["", "a\n", "a\n\nb\n", "https://example.org/work/mainframe\n"])
def test_accepts(text: str) -> None:
    assert list(hygiene.problems("f.txt", text)) == []


def test_files_compared_byte_for_byte_may_have_any_whitespace() -> None:
    assert list(hygiene.problems("tests/render/golden/Caddyfile", "a \n\n")) == []


def test_names_each_file_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, binary, large = (tmp_path / name for name in ("good", "bad", "binary", "large"))
    good.write_text("a\n")
    bad.write_text("a \n")
    binary.write_bytes(b"\xff\xfe \n")
    large.write_bytes(b"a" * (hygiene.LARGEST + 1))
    assert hygiene.main([str(good), str(binary)]) == 0
    assert hygiene.main([str(good), str(bad), str(binary), str(large)]) == 1
    assert capsys.readouterr().err == (
        f"{bad}:1: trailing whitespace\n{large}: larger than 512 KiB\n"
    )
