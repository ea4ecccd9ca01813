"""The reports that another run left behind: taken as what strangers wrote.

A pull request's own code made them. So sizes are looked at before anything is read, a name is
only a name, nothing is written to disk, and nothing in them says where it is posted.
"""

from __future__ import annotations

import io
import re
import urllib.error
import urllib.request
import zipfile
import zlib
from typing import Any, Final

from scripts.ci.forge import GitHub
from scripts.ci.markdown import LARGEST, TextError, decoded
from scripts.ci.rest import SECONDS, ForgeError, bounded, secure

PREFIX: Final = "stackgraph-comment-"
_ZIPPED: Final = 1024 * 1024
_RUNS_MOST: Final = 20
_FILE: Final = re.compile(r"gate-[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.md")


def reports(forge: GitHub, run: int) -> tuple[list[str], list[str]]:
    """Give the texts of a run's reports, and why others were refused, a line each."""
    texts: list[str] = []
    refused: list[str] = []
    listed = forge.rest.ask("GET", forge.path(f"actions/runs/{run}/artifacts?per_page=100"))
    found = [entry for entry in listed["artifacts"] if str(entry["name"]).startswith(PREFIX)]
    for entry in found[:_RUNS_MOST]:
        try:
            texts += _unpacked(_download(forge, entry))
        except TextError as error:
            refused.append(str(error))
    if len(found) > _RUNS_MOST:
        refused.append(f"{len(found)} artifacts, and {_RUNS_MOST} are the most; the rest is left")
    return texts, refused


def _download(forge: GitHub, entry: dict[str, Any]) -> bytes:
    size = int(entry["size_in_bytes"])
    if size > _ZIPPED:
        raise TextError(f"artifact: {size} bytes, and {_ZIPPED} are the most; not read")
    path = forge.path(f"actions/artifacts/{int(entry['id'])}/zip")
    status, headers, body = forge.rest.send("GET", path)
    if status < 300:
        return body
    address = secure(headers.get("Location", ""))
    try:  # where it lies, the address itself is the permission: the token stays here
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:  # noqa: S310
            return bounded(answer, _ZIPPED)
    except urllib.error.URLError as error:
        raise ForgeError(f"an artifact can't be had ({error.reason}); try again") from None


def _unpacked(data: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > _RUNS_MOST:
                raise TextError(f"artifact: {len(members)} files; not read")
            return [_member(archive, member) for member in members]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise TextError("artifact: no archive that can be read; not posted") from None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    if not _FILE.fullmatch(member.filename):
        raise TextError("artifact: a file that is no report of the gate; not posted")
    with archive.open(member) as file:  # what the archive says of its size is not believed
        return decoded(file.read(LARGEST + 1), member.filename)
