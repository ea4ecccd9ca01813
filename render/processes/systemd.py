"""Units of systemd: a process that it keeps running, and a job that it runs on a schedule."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Final

from graph.model import Job, Process
from render.processes.schedule import calendar

UNITS: Final = "/etc/systemd/system"
ENVIRONMENTS: Final = "/etc/stackgraph/processes"
"""Files with the environments of processes, secrets among them; root's alone to read."""

MADE: Final = "# stackgraph writes this file; what is changed here by hand is undone."

_SHELL = re.compile(r"[|&;<>()$`\\*?\[\]~#\n]|(^|\s)\w+=")
"""What only a shell understands."""


def unit_name(process: Process) -> str:
    """Give the name of a process's unit."""
    return f"stackgraph-{process.logical_name}.service"


def environment_file(process: Process) -> str:
    """Give the file that holds a process's environment."""
    return f"{ENVIRONMENTS}/{process.logical_name}.env"


def process_unit(process: Process) -> str:
    """Give the unit of a process: as its user, with no more rights than it needs."""
    spec = process.spec
    low = any(listener.port < 1024 for listener in spec.listens)
    ability = "CAP_NET_BIND_SERVICE" if low else ""
    settings = {
        "Type": "exec",
        "User": spec.user,
        "WorkingDirectory": spec.directory,
        "EnvironmentFile": environment_file(process),
        "ExecStart": command_line(spec.command, spec.directory),
        "Restart": "always",
        "RestartSec": "2",
        "UMask": "0027",
        **({"MemoryMax": str(spec.memory)} if spec.memory is not None else {}),
        "CapabilityBoundingSet": ability,
        "AmbientCapabilities": ability,
        "LockPersonality": "true",
        "NoNewPrivileges": "true",
        "PrivateDevices": "true",
        "PrivateTmp": "true",
        "ProtectControlGroups": "true",
        "ProtectKernelModules": "true",
        "ProtectKernelTunables": "true",
        "ProtectSystem": "full",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_NETLINK AF_UNIX",
        "RestrictRealtime": "true",
        "RestrictSUIDSGID": "true",
    }
    return (
        f"{MADE}\n[Unit]\nDescription={_text(spec.purpose)}\n"
        "Wants=network-online.target\nAfter=network-online.target docker.service\n"
        # It is tried again for ever: what it waits for may come back after hours.
        "StartLimitIntervalSec=0\n\n[Service]\n"
        + "".join(f"{name}={value}\n" for name, value in settings.items())
        + "\n[Install]\nWantedBy=multi-user.target\n"
    )


def job_name(job: Job) -> str:
    """Give the name of a job's timer and service, without their endings."""
    return f"stackgraph-job-{job.system}-{job.key}"


def job_units(job: Job) -> dict[str, str]:
    """Give the timer of a job and the service that it starts, by path.

    A run that was missed while the host was off is made up for.
    """
    name, spec = job_name(job), job.spec
    service = (
        f"{MADE}\n[Unit]\nDescription={_text(spec.purpose)}\n"
        "Wants=network-online.target\nAfter=network-online.target\n\n"
        f"[Service]\nType=oneshot\nExecStart=/bin/sh -c {_word(spec.command)}\n"
    )
    timer = (
        f"{MADE}\n[Unit]\nDescription=Schedule: {_text(spec.purpose)}\n\n[Timer]\n"
        + "".join(f"OnCalendar={each}\n" for each in calendar(spec.schedule))
        + "AccuracySec=1s\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
    )
    return {f"{UNITS}/{name}.service": service, f"{UNITS}/{name}.timer": timer}


def command_line(command: str, directory: str) -> str:
    """Give a command as ``ExecStart`` takes it; through a shell only where it needs one."""
    if _SHELL.search(command):
        return f"/bin/sh -c {_word(command)}"
    first, *rest = shlex.split(command)
    if "/" in first and not first.startswith("/"):
        first = f"{directory}/{first.removeprefix('./')}"
    # systemd itself looks for a program without a path, in the usual directories
    return " ".join([first, *map(_word, rest)])


def _word(text: str) -> str:
    """Quote a word for systemd: ``%`` and ``$`` stand for themselves."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    plain = escaped.replace("%", "%%").replace("$", "$$")
    return plain if re.fullmatch(r"[A-Za-z0-9_./:=@,+-]+", plain) else f'"{plain}"'


def _text(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).replace("%", "%%")


def environment_text(values: Mapping[str, str]) -> str:
    """Give an ``EnvironmentFile``: each value stands for itself. Raises for a line break."""
    lines = []
    for name, value in sorted(values.items()):
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            msg = f"{name} holds a control character, which no line of an environment can"
            raise ValueError(msg)
        # Between double quotes systemd takes a backslash before these four for itself.
        escaped = re.sub(r'(["\\`$])', r"\\\1", value)
        lines.append(f'{name}="{escaped}"\n')
    return "".join(lines)
