"""What PM2 reads of a user's processes, and the unit that brings them back after a restart."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from typing import Any, Final

from graph.model import Process
from render.processes.systemd import ENVIRONMENTS, MADE

ECOSYSTEMS: Final = "/etc/stackgraph/pm2"
_NODE = re.compile(r"(.*/)?node(js)?")


RUN: Final = f"{ECOSYSTEMS}/run"
"""Starts what PM2 runs, each process with its own environment."""


def ecosystem_file(user: str) -> str:
    """Give the file with a user's processes."""
    return f"{ECOSYSTEMS}/{user}.json"


def pm2_unit(user: str) -> str:
    """Give the unit that ``pm2 startup`` would make: the same name, so that there is one."""
    return f"pm2-{user}.service"


def unit_text(user: str, processes: Sequence[Process]) -> str:
    """Give the unit that starts a user's PM2 with its processes, and ends it."""
    named = " ".join(f"{process.key}:{process.logical_name}" for process in processes)
    return (
        f"{MADE}\n[Unit]\nDescription=PM2 of {user}\nDocumentation=https://pm2.keymetrics.io/\n"
        "Wants=network-online.target\nAfter=network-online.target docker.service\n\n"
        f"[Service]\nType=forking\nExecStart={RUN} start {user} {named}\n"
        f"ExecReload={RUN} start {user} {named}\nExecStop={RUN} stop {user}\n"
        "Restart=always\nRestartSec=2\nTimeoutStartSec=120\nLimitNOFILE=infinity\n\n"
        "[Install]\nWantedBy=multi-user.target\n"
    )


RUN_TEXT: Final = rf"""#!/bin/sh
{MADE}
# run start USER NAME:FILE... | stop USER | forget USER NAME | pid USER
# Root reads each environment and hands it to the user's PM2: no file of the user's has it.
set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
what=$1 user=$2
shift 2
home=$(getent passwd "$user" | cut -d : -f 6)
pm2=$(command -v pm2 || runuser -l "$user" -c 'command -v pm2' 2>/dev/null | tail -n 1)
[ -n "$pm2" ] || {{
  echo "there is no pm2 for $user; run npm install -g pm2 on the host, which needs Node.js" >&2
  exit 3
}}
PATH=${{pm2%/*}}:$PATH HOME=$home USER=$user LOGNAME=$user PM2_HOME=$home/.pm2
export PATH HOME USER LOGNAME PM2_HOME
cd "$home" || exit 1

as_user() {{ setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups "$@"; }}
lives() {{ kill -0 "$(cat "$PM2_HOME/pm2.pid" 2>/dev/null)" 2>/dev/null; }}

case $what in
start)
  # first PM2 itself, which must have no process's environment
  if ! lives; then
    as_user "$pm2" ping >/dev/null || exit 1
    [ ! -s "$PM2_HOME/dump.pm2" ] || as_user "$pm2" resurrect >/dev/null
  fi
  for each; do
    (
      set -a
      . "{ENVIRONMENTS}/${{each#*:}}.env" || exit 1
      as_user "$pm2" startOrReload "{ECOSYSTEMS}/$user.json" --only "${{each%%:*}}" --update-env
    ) || exit 1
  done
  ;;
stop) ! lives || as_user "$pm2" kill ;;
forget) ! lives || as_user "$pm2" delete "$1" ;;
pid) ! lives || cat "$PM2_HOME/pm2.pid" ;;
esac
"""
"""Text of the file `RUN`."""


def ecosystem(processes: Sequence[Process]) -> str:
    """Give the ecosystem file of a user's processes; no value of an environment is in it."""
    return json.dumps({"apps": [_app(process) for process in processes]}, indent=2) + "\n"


def _app(process: Process) -> dict[str, Any]:
    spec = process.spec
    words = shlex.split(spec.command)
    shared = {
        "name": process.key,
        "cwd": spec.directory,
        "autorestart": True,
        "restart_delay": 2000,
        "kill_timeout": 10000,
        **({"max_memory_restart": f"{spec.memory // 1024**2}M"} if spec.memory else {}),
    }
    if _NODE.fullmatch(words[0]):
        rest = words[1:]
        options = []
        while rest and rest[0].startswith("-"):
            options.append(rest.pop(0))
        if rest:
            # In a cluster, the newcomer listens before the old one goes.
            return {
                **shared,
                "script": rest[0],
                "args": rest[1:],
                "interpreter_args": options,
                "exec_mode": "cluster",
                "instances": 1,
                "listen_timeout": 10000,
            }
    # Not a script of Node's: PM2 stops it and starts it again.
    return {
        **shared,
        "script": words[0],
        "args": words[1:],
        "interpreter": "none",
        "exec_mode": "fork",
    }


def zero_downtime(process: Process) -> bool:
    """Whether a process can be replaced without a gap: a Node script under PM2."""
    if process.spec.manager != "pm2":
        return False
    app = _app(process)
    return bool(app["exec_mode"] == "cluster")
