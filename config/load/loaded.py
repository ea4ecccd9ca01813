"""Systems and applications as read: their models, and what the files beside them hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from config.compose.model import ComposeFile
from config.document import Document
from config.system import App, System
from config.text import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedApp:
    """A Compose application as read: its models, and what its files hold.

    ``configs`` are the contents of its configs, ``env`` what each service's env_file sets,
    ``builds`` the context directory and content hash of each built image.
    """

    key: str
    app: App
    document: Document
    compose: ComposeFile
    configs: Mapping[str, str]
    env: Mapping[str, Mapping[str, str | Template]]
    builds: Mapping[str, BuildContext]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """The directory an image is made from, and a hash of all that decides the image."""

    directory: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSystem:
    """A system as read: its name (the directory's), its model, its applications.

    ``unreadable`` are names that the files declare and that could not be read; ``used`` the
    variables and secrets that some file uses. Of secrets' values it tells only which are the
    ``public`` ones of the dev stack where they should not be, and which are ``unplain``: a URL
    would need them escaped.
    """

    name: str
    document: Document
    system: System
    apps: Mapping[str, LoadedApp]
    unreadable: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    public: frozenset[str] = frozenset()
    unplain: frozenset[str] = frozenset()
