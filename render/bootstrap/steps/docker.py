"""Docker: a look at the daemon, and its settings."""

from __future__ import annotations

from typing import Final

LOOK_AT_DOCKER: Final = r"""
# --- Docker

answers() { docker info --format '{{.ServerVersion}}'; }

# merged: the settings that are there with ours in them; empty where ours are there
merged() {
  swarm=$(docker info --format '{{.Swarm.LocalNodeState}}')
  python3 -c "$MERGE" "$DAEMON" "$DAEMON_TEXT" "$swarm" >"$tmp/daemon.json"
}

# what of it a daemon tells; a swarm and live-restore exclude each other
to_load() { if [ "$swarm" = active ]; then echo "${LOADED% *} false"; else echo "$LOADED"; fi; }

loaded() {
  pools='{{range .DefaultAddressPools}}{{.Base}} {{.Size}} {{end}}'
  docker info --format "$pools{{.LoggingDriver}} {{.LiveRestoreEnabled}}"
}

verify_docker() {
  systemctl is-enabled --quiet docker || wrong 'docker is not enabled'
  if ! quietly answers; then
    wrong "Docker does not answer: $reason"
    return
  fi
  quietly merged || wrong "$DAEMON: $reason"
  same "what Docker runs with (pools, log driver, live-restore)" "$(loaded)" "$(to_load)"
  [ ! -s "$tmp/daemon.json" ] || wrong "$DAEMON is not as declared"
}
"""
"""The daemon, and its settings as it runs and as they stand."""

CHANGE_DOCKER: Final = r"""
# --- Docker

# daemon_before: a host without Docker has its settings before Docker starts the first time
daemon_before() {
  has dockerd || [ -s "$DAEMON" ] || put "$DAEMON" 644 root "$DAEMON_TEXT"
}

daemon() {
  running docker
  within 60 answers || fail 'Docker does not answer within 60 s; see journalctl -u docker'
  quietly merged || fail "$DAEMON: $reason"
  keep "$DAEMON"
  if [ -s "$tmp/daemon.json" ]; then
    put "$DAEMON" 644 root "$(cat "$tmp/daemon.json")
" docker
  elif ! due docker && [ "$(loaded)" = "$(to_load)" ]; then
    return 0
  fi
  if dockerd --help | grep -q -- --validate; then
    quietly dockerd --validate --config-file "$DAEMON" || daemon_back "$reason"
  fi
  # first, the running daemon learns to leave containers running while it restarts
  systemctl reload docker >/dev/null 2>&1
  sleep 1
  systemctl reset-failed docker docker.socket >/dev/null 2>&1
  quietly systemctl restart docker || daemon_back "$reason"
  within 60 answers || daemon_back 'no answer within 60 s'
  over docker
  changed 'docker restarted'
}

daemon_back() {
  bring_back "$DAEMON"
  over docker
  systemctl reset-failed docker docker.socket >/dev/null 2>&1
  systemctl restart docker >/dev/null 2>&1
  fail "Docker does not take its settings, the old ones are back: $1; see journalctl -u docker"
}
"""
"""The settings of the daemon; it gets the old ones back if it does not start."""

MERGE: Final = """\
import json, sys
path, ours, swarm = sys.argv[1:]
try:
    with open(path) as file:
        old = json.loads(file.read() or "{}")
    assert isinstance(old, dict)
except FileNotFoundError:
    old = {}
except Exception:
    sys.exit("it is no JSON object; correct it by hand")
new, ours = dict(old), json.loads(ours)
if swarm == "active":
    del ours["live-restore"]
    new.pop("live-restore", None)
if old.get("log-driver", "json-file") == "json-file":
    ours["log-opts"] = {**old.get("log-opts", {}), **ours["log-opts"]}
new.update(ours)
if new != old:
    print(json.dumps(new, indent=2))
"""
"""Reads ``daemon.json``; prints it with our settings in it, or nothing where it has them.

A swarm and live-restore exclude each other. Options of another log driver do not fit ours.
"""
