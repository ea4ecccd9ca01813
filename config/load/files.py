"""The files beside a compose file: texts, env files, the contexts that images are made from."""

from __future__ import annotations

import hashlib
from collections import ChainMap
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from config.compose.model import Build, Service
from config.document import Document, read_text
from config.dotenv import parse_dotenv
from config.finding import Finding, FindingsError
from config.load.loaded import BuildContext
from config.text import Template, Value


class FileReader:
    """Reads the files that a compose file names, relative to itself; notes findings on them.

    ``display`` gives a file's name in findings.
    """

    def __init__(
        self,
        base: Path,
        document: Document,
        variables: Mapping[str, Value],
        display: Callable[[Path], str],
    ) -> None:
        self.base, self.display = base, display
        self.document, self.variables = document, variables
        self.findings: list[Finding] = []

    def text(self, name: str, at: tuple[str | int, ...]) -> str:
        """Read a file that is named at a place of the compose file; empty where it can't be."""
        file = self.base / name
        try:
            return read_text(file, self.display(file), self.document.where(at))
        except FindingsError as error:
            self.findings += error.findings
            return ""

    def env(self, name: str, service: Service) -> dict[str, str | Template]:
        """Read what a service's env files set; later ones win."""
        values: dict[str, str | Template] = {}
        variables = ChainMap[str, Value](self.variables, service.environment)  # type: ignore[arg-type]
        for index, reference in enumerate(service.env_file):
            file = self.base / reference.path
            if not reference.required and not file.exists():
                continue
            at = ("services", name, "env_file", index)
            text = self.text(reference.path, at)
            try:
                values |= parse_dotenv(text, self.display(file), variables)
            except FindingsError as error:
                self.findings += error.findings
        return values

    def build(self, name: str, build: Build) -> BuildContext:
        """Look at what a service's image is made from; empty where there is no such directory."""
        directory = self.base / build.context
        at = ("services", name, "build", "context")
        # Relative to the project, where the program runs: the same on every machine that deploys.
        shown = self.display(directory)
        if not directory.is_dir():
            fact = f"build context {shown} is not a directory"
            self.findings.append(self.document.problem("file", at, fact, "correct the path"))
            return BuildContext(directory="", digest="")
        return BuildContext(directory=shown, digest=_digest(directory, build))


def _digest(directory: Path, build: Build) -> str:
    # Names, kinds and contents in a fixed order: the same context gives the same tag anywhere.
    digest = hashlib.sha256(build.model_dump_json().encode())
    for file in sorted(directory.rglob("*")):
        if file.is_file():
            name = PurePosixPath(file.relative_to(directory)).as_posix()
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            executable = bool(file.stat().st_mode & 0o100)
            digest.update(f"{name}\0{executable}\0{content}\n".encode())
    return digest.hexdigest()[:16]
