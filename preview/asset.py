"""Hashes of assets and archives: what shows in a plan that a file changed.

They are the engine's: of an asset its SHA-256, of an archive that of the tar it would make. Two
cases differ, for it is enough that the hash changes with the contents: archive files inside another
archive aren't unpacked, and names that an old tar header can't hold (not ASCII, or very long) are
written into it all the same. What is behind a URL isn't fetched and has no hash.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from preview.error import RecordingError

_BLOCK: Final = 512
_NAME_SIZE, _PREFIX_SIZE = 100, 155
_SKIPPED: Final = ".pulumi"


def asset_hash(asset: Mapping[str, Any], root: Path) -> str | None:
    """The hash of an asset, in hex; `None` when its contents aren't here.

    Raises:
        RecordingError: Its file can't be read.
    """
    content = _content(asset, root)
    return None if content is None else hashlib.sha256(content).hexdigest()


def archive_hash(archive: Mapping[str, Any], root: Path) -> str | None:
    """The hash of an archive, in hex; `None` when its contents aren't here.

    Raises:
        RecordingError: A file or directory in it can't be read.
    """
    if "path" in archive and not (root / archive["path"]).is_dir():
        return asset_hash(archive, root)
    digest = hashlib.sha256()
    seen: set[str] = set()
    for name, content in _members(archive, root):
        if content is None:
            return None
        if name not in seen:
            seen.add(name)
            digest.update(_header(name, len(content)) + content + bytes(-len(content) % _BLOCK))
    digest.update(bytes(2 * _BLOCK))
    return digest.hexdigest()


def _content(asset: Mapping[str, Any], root: Path) -> bytes | None:
    match asset:
        case {"text": str(text)}:
            return text.encode()
        case {"path": str(path)}:
            return _read(root / path, path)
        case _:
            return None


def _members(archive: Mapping[str, Any], root: Path) -> Iterator[tuple[str, bytes | None]]:
    """Names and contents of what is in it, in the engine's order."""
    match archive:
        case {"assets": dict(assets)}:
            for key in sorted(assets):
                for name, content in _members(assets[key], root):
                    yield posixpath.join(key, name) if name else key, content
        case {"path": str(path)} if (root / path).is_dir():
            for file in _walk(root / path):
                yield file.relative_to(root / path).as_posix(), _read(file, path)
        case _:
            yield "", _content(archive, root)


def _walk(directory: Path) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        if path.name == _SKIPPED:
            continue
        if not path.is_dir():
            yield path
        elif not path.is_symlink():
            yield from _walk(path)


def _read(file: Path, shown: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RecordingError(
            f"asset {shown}: can't be read: {error.strerror or type(error).__name__}; "
            "give a path from the directory of Pulumi.yaml"
        ) from None


def _header(name: str, size: int) -> bytes:
    """The header that Go's tar writer makes for a file of mode 600 and no time."""
    path, prefix = name.encode(), b""
    if len(path) > _NAME_SIZE and (cut := path.rfind(b"/", 0, _PREFIX_SIZE + 1)) > 0:
        prefix, path = path[:cut], path[cut + 1 :]

    def packed(checksum: bytes) -> bytes:
        return b"".join((
            path.ljust(_NAME_SIZE, b"\0"),
            b"0000600\0" + b"0000000\0" * 2,  # mode, user, group
            b"%011o\0" % size + b"%011o\0" % 0,  # the time is 0
            checksum + b"0" + bytes(100),  # a regular file, no link
            b"ustar\00000" + bytes(32) * 2,  # no names of user and group
            b"0000000\0" * 2 + prefix.ljust(_PREFIX_SIZE, b"\0") + bytes(12),
        ))  # fmt: skip

    return packed(b"%06o\0 " % sum(packed(b" " * 8)))
