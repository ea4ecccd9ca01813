"""POSIX shell of the bootstrap: what steps share, looking at a host, and changing it.

Runs as root on Debian and Ubuntu with dash. Nothing secret is in it or passes through it. Only
what ``CHANGE…`` and ``CLOSE`` name changes something.
"""

from __future__ import annotations

from typing import Final

from render.bootstrap.steps.bans import CHANGE_BANS, LOOK_AT_BANS
from render.bootstrap.steps.base import BASE, BEFORE, CHANGE_FILES, LOOK
from render.bootstrap.steps.docker import CHANGE_DOCKER, LOOK_AT_DOCKER, MERGE
from render.bootstrap.steps.login import (
    APPLY_SSHD,
    CHANGE_LOGIN,
    CHANGE_SSHD,
    CLOSE,
    LOOK_AT_LOGIN,
)
from render.bootstrap.steps.packages import CHANGE_PACKAGES
from render.bootstrap.steps.system import (
    CHANGE_SETTINGS,
    CHANGE_SWAP,
    LOOK_AT_SYSTEM,
    LOOK_AT_UPGRADES,
)

__all__ = [
    "APPLY_SSHD",
    "BASE",
    "CHANGE",
    "CHANGE_BANS",
    "CHANGE_DOCKER",
    "CHANGE_LOGIN",
    "CHANGE_SSHD",
    "CHANGE_SWAP",
    "CLOSE",
    "LOOK",
    "LOOK_AT_BANS",
    "LOOK_AT_DOCKER",
    "LOOK_AT_LOGIN",
    "LOOK_AT_SYSTEM",
    "LOOK_AT_UPGRADES",
    "MERGE",
]

CHANGE: Final = BEFORE + CHANGE_FILES + CHANGE_PACKAGES + CHANGE_SETTINGS
"""What all changes need: what must hold before, files, packages, services, the kernel."""
