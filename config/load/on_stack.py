"""A system on a stack: its file, the stack's settings of it, and how they are changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from config.document import Document
from config.stack import NAMESPACE, StackSettings, SystemSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class OnStack:
    """A system's name and file as written, and the stack that it is read for."""

    name: str
    document: Document
    stack: StackSettings

    @property
    def settings(self) -> SystemSettings:
        """What the stack says of the system."""
        return self.stack.of(self.name)

    @property
    def raw(self) -> Mapping[str, Any]:
        """The file's sections as written, right or wrong."""
        return self.document.data if isinstance(self.document.data, dict) else {}

    def declared(self, section: str) -> Mapping[str, Any]:
        """Give a section's entries as written; none where it is no mapping."""
        entries = self.raw.get(section)
        return entries if isinstance(entries, dict) else {}

    def set_command(
        self,
        section: str,
        name: str,
        *,
        secret: bool = False,
        verb: Literal["set", "rm"] = "set",
    ) -> str:
        """Give the command that configures a value of this system on this stack, or removes it."""
        flag = "--secret " if secret else ""
        dot = "" if name.startswith("[") else "."
        path = f"{NAMESPACE}:{self.name}.{section}{dot}{name}"
        return f"pulumi config {verb} --stack {self.stack.name} {flag}--path '{path}'"
