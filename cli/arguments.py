"""What several subcommands take: systems, a stack, and how each prints."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

Systems = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SYSTEM]...",
        help="Names under systems/, or directories with a system.yaml. Default: the stack's own.",
    ),
]
OneSystem = Annotated[
    str, typer.Argument(metavar="SYSTEM", help="A name under systems/, or a directory.")
]
Stack = Annotated[str, typer.Option("--stack", help="The stack whose settings apply.")]


class CheckFormat(StrEnum):
    """How ``check`` prints."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


class GraphFormat(StrEnum):
    """How ``graph`` prints."""

    MERMAID = "mermaid"
    JSON = "json"


class TableFormat(StrEnum):
    """How ``reach`` and ``rules`` print."""

    TABLE = "table"
    JSON = "json"


class GateFormat(StrEnum):
    """How ``gate`` prints."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"


class RecordsFormat(StrEnum):
    """How ``records`` prints."""

    TABLE = "table"
    ZONE = "zone"
    HOSTS = "hosts"
    JSON = "json"
