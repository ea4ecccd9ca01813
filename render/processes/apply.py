"""The scripts that put processes and jobs into force on a host, and that take them away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from graph.model import Host, Job, Process, StackGraph
from render.bootstrap import PATIENCE_SECONDS, steps
from render.processes import pm2, shell, systemd
from render.shell import assign, each

STATE: Final = "/var/lib/stackgraph/processes"

_RUN: Final = """\
as_root
exec 8>/run/stackgraph-processes.lock
flock -w "$PATIENCE" 8 || fail "another deploy has been changing processes for $PATIENCE s"
: >"$tmp/missing"
failed=''
each_unit unit
forget_others
! due units || { systemctl daemon-reload && over units; }
each_process process
each_job job
keep_list
all_there
printf 'ready: %s changes\\n' "$changes"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFile:
    """A file of a host: its text, its mode, and what is due when it changes."""

    path: str
    text: str
    mode: str = "644"
    due: str = "units"


def processes_of(graph: StackGraph, host: Host) -> list[Process]:
    """Give the processes of a host."""
    return [each_ for each_ in graph.processes.values() if each_.host == host.id]


def jobs_of(graph: StackGraph, host: Host) -> list[Job]:
    """Give the jobs of a host."""
    return [each_ for each_ in graph.jobs.values() if each_.host == host.id]


def process_files(graph: StackGraph, host: Host) -> list[ProcessFile]:
    """Give every file of a host's processes and jobs that holds no value of an environment."""
    files = []
    users: dict[str, list[Process]] = {}
    for process in processes_of(graph, host):
        if process.spec.manager == "pm2":
            users.setdefault(process.spec.user, []).append(process)
        else:
            path = f"{systemd.UNITS}/{systemd.unit_name(process)}"
            text = systemd.process_unit(process)
            files.append(ProcessFile(path=path, text=text, due=process.logical_name))
    if users:
        files.append(ProcessFile(path=pm2.RUN, text=pm2.RUN_TEXT, mode="755"))
    for user, of_user in sorted(users.items()):
        file = pm2.ecosystem_file(user)
        text = pm2.ecosystem(of_user)
        files.append(ProcessFile(path=file, text=text, due=f"pm2-{user}"))
        unit = f"{systemd.UNITS}/{pm2.pm2_unit(user)}"
        files.append(ProcessFile(path=unit, text=pm2.unit_text(user, of_user)))
    for job in jobs_of(graph, host):
        for path, text in systemd.job_units(job).items():
            files.append(ProcessFile(path=path, text=text))
    return files


def processes_script(graph: StackGraph, host: Host) -> str:
    """Give the script that starts a host's processes and jobs, and checks where they listen.

    It prints a line for each change and ``ready: N changes``. What can be started is, also where
    another one's code is not there yet; then it says all that is missing.
    """
    found = processes_of(graph, host)
    tables = (
        each("each_unit", [(f.path, f.mode, f.text, f.due) for f in process_files(graph, host)])
        + each("each_process", map(_row, found))
        + each("each_job", [(systemd.job_name(job),) for job in jobs_of(graph, host)])
    )
    return _script(host, [steps.CHANGE, shell.LOOK, shell.CHANGE], tables, _RUN)


def _row(process: Process) -> tuple[str, ...]:
    spec = process.spec
    by_pm2 = spec.manager == "pm2"
    listens = [_address(each_.address, each_.port) for each_ in spec.listens]
    return (
        process.key,
        process.logical_name,
        spec.manager,
        pm2.pm2_unit(spec.user) if by_pm2 else systemd.unit_name(process),
        spec.user,
        spec.directory,
        "yes" if spec.on_boot else "no",
        " ".join(listens),
        "reloaded" if pm2.zero_downtime(process) else "restarted, with a gap",
    )


def _address(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def environments_script(host: Host, environments: Mapping[str, str]) -> str:
    """Give the script that writes processes' environments, by logical name; texts are secret."""
    run = (
        'write() { put "$ENVIRONMENTS/$1.env" 600 root "$2" "$1"; }\n'
        "as_root\n"
        'mkdir -p "$ENVIRONMENTS" && chmod 700 "$ENVIRONMENTS"\n'
        "each_environment write\n"
        'for each in "$ENVIRONMENTS"/*.env; do\n'
        '  case " $KNOWN " in *" $(basename "$each" .env) "*) ;; *) rm -f "$each" ;; esac\n'
        "done\n"
        "printf 'ready: %s changes\\n' \"$changes\"\n"
    )
    tables = each("each_environment", sorted(environments.items()))
    tables += assign({"KNOWN": " ".join(sorted(environments))})
    return _script(host, [steps.CHANGE], tables, run)


def remove_script(host: Host) -> str:
    """Give the script that stops and removes a host's processes and jobs; their code stays."""
    run = 'as_root\nmkdir -p "$STATE"\nremove\nprintf \'ready: %s changes\\n\' "$changes"\n'
    return _script(host, [shell.REMOVE], "", run)


def _script(host: Host, parts: Iterable[str], tables: str, run: str) -> str:
    code = "".join([*parts, tables, run])
    known: dict[str, object] = {
        "PATIENCE": PATIENCE_SECONDS,
        "STATE": STATE,
        "RUN": pm2.RUN,
        "ENVIRONMENTS": systemd.ENVIRONMENTS,
    }
    used = {n: v for n, v in known.items() if re.search(rf"\$\{{?{n}\b", code)}
    settings = assign({"HOST": host.key, **used})
    # variables in units are not the shell's
    return "".join(
        ["# shellcheck disable=SC2016\n", steps.BASE, *parts, "\n", tables, settings, run]
    )
