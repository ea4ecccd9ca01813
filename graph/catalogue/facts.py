"""What can be known about a container image, and the meaning and unit of each fact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["database", "cache", "proxy", "app", "monitor", "tool"]

MIB = 1024**2
GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class VariablePattern:
    """What the value of an environment variable must look like, and what to do if it does not."""

    expression: str
    """A regular expression, searched in the whole value: it carries its own anchors."""

    remedy: str
    """What a finding tells the owner to do."""

    def accepts(self, value: str) -> bool:
        """Tell whether a literal value has the form; says nothing of what it refers to."""
        return re.search(self.expression, value) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What is known about one version of one public image.

    An empty field means "nothing known", never "known to be none", except where its docstring
    says otherwise. It describes the image as published: not one that is built from it, and not
    what a service's ``command``, ``entrypoint`` or ``user`` make of it.
    """

    source: str
    """Where the facts come from: addresses and rows of the incident catalogue, by semicolons."""

    kind: Kind | None = None
    """What the image is for."""

    datastore: bool = False
    """It keeps data for others; nobody outside of the system may reach it (P04)."""

    data_paths: tuple[str, ...] = ()
    """Container paths that hold data and so need a volume or a bind (B17).

    Where a variable or flag of the image moves the path (``PGDATA``), that one counts instead.
    """

    wrong_data_paths: tuple[str, ...] = ()
    """Container paths where a mount is taken for the data and is not, in this version (D05).

    Exactly these paths; the right ones may lie above or below them.
    """

    missing_tools: tuple[str, ...] = ()
    """Programs that the image lacks and health checks like to call (H01).

    ``sh`` among them: no ``CMD-SHELL`` check can run.
    """

    ready_path: str | None = None
    """HTTP path that says without authentication whether the service is ready (H05)."""

    needs_auth_paths: tuple[str, ...] = ()
    """HTTP paths that look like a probe's and want credentials: a check there fails (H05)."""

    supports_subpath: bool | None = None
    """Whether it works below a path of a host name; None where that isn't known (R10)."""

    websocket: bool = False
    """Its clients need WebSockets, so its route has to allow them (R11)."""

    uploads: bool = False
    """Its users upload files, so its route should state the largest body (R12)."""

    proxy_variables: tuple[str, ...] = ()
    """Variables of which at least one must be set behind a reverse proxy (R16)."""

    required_variables: tuple[tuple[str, ...], ...] = ()
    """Groups of variables; at least one of each must be set, or it doesn't start (S02, S03).

    A database wants them for its first start only; one whose data is there starts without.
    """

    immutable_variables: tuple[str, ...] = ()
    """Variables whose secret may never change: what it encrypted would be lost (S15).

    Named without the ``_FILE`` that some images accept.
    """

    init_only_variables: tuple[str, ...] = ()
    """Variables that are read when the data is first created, never after (S12).

    Named without ``_FILE``.
    """

    variable_patterns: Mapping[str, VariablePattern] = field(default_factory=dict)
    """Forms that the values of its variables must have (S08, A10), by variable."""

    removed_settings: tuple[str, ...] = ()
    """Settings that this version no longer has: in its configuration they stop it (D06)."""

    min_memory: int | None = None
    """Bytes; with a lower limit it is known to be killed for want of memory (F03)."""

    needed_capabilities: tuple[str, ...] = ()
    """Capabilities to add back after ``cap_drop: [ALL]``, without ``CAP_`` (F07).

    They hold for the image's own user. Where it starts as root and becomes another user, a
    service that sets ``user:`` needs none of them; ``capabilities_with_user`` says otherwise.
    """

    capabilities_with_user: tuple[str, ...] = ()
    """Those of the needed capabilities that a service needs with ``user:`` too."""

    read_only_paths: tuple[str, ...] | None = None
    """With ``read_only: true``, paths that need a tmpfs or a volume; None: not known (F08)."""

    breaks_read_only: bool = False
    """It doesn't work with ``read_only: true`` at all (F08)."""

    shm_size: int | None = None
    """Bytes that it needs in /dev/shm, above Docker's 64 MiB (F14)."""

    uid: int | None = None
    """The user id its process runs as, so the owner of its data; None: root, or not known (F06)."""

    docker_api: tuple[str, ...] = ()
    """Sections of the Docker API that it calls, as a socket proxy's variables name them (M09)."""

    platforms: tuple[str, ...] | None = None
    """The only platforms it is published for; None: several, or not known (D11)."""

    login: bool = False
    """It has a login page of its own, which attackers will try (R22)."""
