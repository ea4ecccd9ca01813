"""Processes and jobs of a host: units of systemd, PM2's files, and the scripts that apply them."""

from __future__ import annotations

from render.processes.apply import (
    environments_script,
    jobs_of,
    process_files,
    processes_of,
    processes_script,
    remove_script,
)
from render.processes.systemd import environment_text

__all__ = [
    "environment_text",
    "environments_script",
    "jobs_of",
    "process_files",
    "processes_of",
    "processes_script",
    "remove_script",
]
