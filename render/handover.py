"""The script that replaces a service's container: see docs/adr/0002-handover.md.

The deploy prepends one line, ``NEW=<id of the created container>``, and runs the text with ``sh``
where the Docker CLI reaches the daemon. It may run any number of times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from render.shell import (
    BASE,
    CADDY,
    GATE,
    HANDOVER,
    LABEL_INGRESS,
    LABEL_SERVICE,
    assign,
    each,
    hooks,
)

RUNNING_TIMEOUT = 5
"""Seconds that the gate ``running`` needs at least: it watches for three, by a clock of seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A routed port: ``name`` is the file in the ingress that says which container serves it."""

    name: str
    port: int

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.name):
            msg = f"upstream {self.name!r} is no file name; use letters, digits and -._"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAlias:
    """Names on a network that the newcomer gets only once it is through its gate.

    ``addresses`` are two of the network's own subnet and outside its ``ip_range``: the newcomer
    takes the one that is free, since only a fixed address survives being connected anew.
    """

    network: str
    aliases: tuple[str, ...]
    addresses: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """How the newcomer of one service takes over.

    ``service`` is the value of the label ``dev.stackgraph.service`` that its containers share,
    ``ingress`` that of the proxy's ``dev.stackgraph.ingress``, which ``upstreams`` need;
    ``restart_with`` are services whose restart asks for one of this service. Times in seconds.
    """

    service: str
    order: Literal["start-first", "stop-first"]
    gate: Literal["healthy", "running", "completed"]
    timeout_seconds: int
    grace_seconds: int
    upstreams: tuple[Upstream, ...] = ()
    ingress: str | None = None
    restart_with: tuple[str, ...] = ()
    aliases: tuple[HeldAlias, ...] = ()

    def __post_init__(self) -> None:
        if self.upstreams and self.ingress is None:
            msg = f"{self.service}: upstreams are files in an ingress; name the ingress"
            raise ValueError(msg)
        if self.order == "stop-first" and (self.upstreams or self.aliases):
            msg = f"{self.service}: only start-first has upstreams to switch and names to hold back"
            raise ValueError(msg)
        if self.gate == "running" and self.timeout_seconds < RUNNING_TIMEOUT:
            msg = f"{self.service}: running is shown in 4 s; allow {RUNNING_TIMEOUT} or more"
            raise ValueError(msg)


def handover_script(plan: Handover) -> str:
    """Give the script; it says one line when all is well, else why not and what serves now."""
    settings = {
        "SERVICE": plan.service,
        "LABEL": f"{LABEL_SERVICE}={plan.service}",
        "ORDER": plan.order,
        "GATE": plan.gate,
        "TIMEOUT": plan.timeout_seconds,
        "GRACE": plan.grace_seconds,
    }
    parts = [BASE, GATE, HANDOVER]
    prepare, before_start, again, switch, switch_back = [], [], [], [], []
    if plan.aliases:
        parts += [
            _ALIASES,
            each("each_alias", ((a.network, *a.addresses, *a.aliases) for a in plan.aliases)),
        ]
        before_start.append("each_alias hold_back")
        switch.append("each_alias name_it")
    if plan.restart_with:
        labels = [(f"{LABEL_SERVICE}={name}",) for name in plan.restart_with]
        parts += [_RESTART, each("each_dependency", labels)]
        again.append("restart_after")
    if plan.upstreams:
        settings["INGRESS"] = f"{LABEL_INGRESS}={plan.ingress}"
        ports = [(upstream.name, upstream.port) for upstream in plan.upstreams]
        parts += [CADDY, _UPSTREAMS, each("each_upstream", ports)]
        prepare.append("find_proxies")
        switch.append("route")
        switch_back.append("route_back")
    return "".join(
        [
            *parts,
            "\n",
            hooks(
                {
                    "prepare": prepare,
                    "before_start": before_start,
                    "again": again,
                    "switch": switch,
                    "switch_back": switch_back,
                }
            ),
            assign(settings),
            "hand_over\n",
        ]
    )


_ALIASES = r"""
# --- names that are held back: NETWORK ADDRESS ADDRESS ALIAS...

# connect NETWORK ADDRESS ALIAS...: the newcomer anew, at a fixed address
connect() {
  network=$1 address=$2
  shift 2
  for alias do
    shift
    set -- "$@" --alias "$alias"
  done
  docker network disconnect "$network" "$NEW" >/dev/null 2>&1
  quietly docker network connect --ip "$address" "$@" "$network" "$NEW" || {
    reason="cannot join $network at $address: $reason"
    return 1
  }
}

# free NETWORK ADDRESS ADDRESS: sets address to one that nobody has
free() {
  used='{{range .Containers}}{{.IPv4Address}} {{end}}'
  used=$(docker network inspect --format "$used" "$1" 2>&1) || {
    reason="cannot join $1: $(printf '%s\n' "$used" | one_line)"
    return 1
  }
  for address in "$2" "$3"; do
    case " $used" in *" $address/"*) ;; *) return 0 ;; esac
  done
  reason="cannot join $1: both $2 and $3 are taken"
  return 1
}

# hold_back: joins without a name
hold_back() { free "$1" "$2" "$3" && connect "$1" "$address"; }

# joined NETWORK: sets address and names, in brackets, as they are
joined() {
  docker inspect --format \
    '{{range $n, $e := .NetworkSettings.Networks}}{{println $n .IPAddress .Aliases}}{{end}}' \
    "$NEW" >"$tmp/joined" 2>/dev/null
  while read -r network address names; do
    [ "$network" != "$1" ] || return 0
  done <"$tmp/joined"
  address='' names='[]'
}

# name_it: gives the names, unless they are there
name_it() {
  joined "$1"
  names=${names#?}
  case " ${names%?} " in *" $4 "*) return 0 ;; esac
  case $address in "$2" | "$3") ;; *) free "$1" "$2" "$3" || return 1 ;; esac
  network=$1
  shift 3
  connect "$network" "$address" "$@"
}
"""

_RESTART = r"""
stamp() {
  case $1 in
  *.*) printf '%s000000000\n' "${1%Z}" ;;
  *) printf '%s.000000000\n' "${1%Z}" ;;
  esac
}

# later_than LABEL: notes a dependency that started after the newcomer
later_than() {
  for id in $(labelled "$1"); do
    state "$id" || continue
    theirs=$(stamp "$started")
    latest=$(printf '%s\n' "$ours" "$theirs" | sort | tail -n 1)
    if [ "$latest" != "$ours" ]; then dependency=${1#*=}; fi
  done
}

# restart_after: restarts the newcomer if a dependency did after it
restart_after() {
  dependency='' ours=$(stamp "$started")
  each_dependency later_than
  [ -n "$dependency" ] || return 0
  if quietly docker stop -t "$GRACE" "$NEW" && quietly docker start "$NEW" &&
    watch "$NEW" "$GATE" 0; then
    passed="restarted after $dependency, $passed"
    return 0
  fi
  reason="$reason, restarted after $dependency"
  return 1
}
"""

_UPSTREAMS = r"""
# find_proxies: the running one first, since both may share a volume
find_proxies() {
  switched=''
  running=$(labelled "$INGRESS")
  proxies="$running $(labelled "$INGRESS" --all | while read -r id; do
    case $running in *"$id"*) ;; *) printf '%s\n' "$id" ;; esac
  done)"
  [ "$proxies" != ' ' ] || quit "no container has the label $INGRESS, so nothing can be routed"
}

# point PROXY NAME PORT
point() {
  printf 'to %s:%s\n' "$new_name" "$3" >"$tmp/upstream"
  if fetch "$1" "upstreams/$2"; then
    if same "$tmp/fetched" "$tmp/upstream"; then return 0; fi
    cp "$tmp/fetched" "$tmp/former-$1-$2"
  fi
  switched=yes
  put "$1" "upstreams/$2" "$tmp/upstream"
}

# point_back PROXY NAME PORT
point_back() {
  if [ -e "$tmp/former-$1-$2" ]; then
    put "$1" "upstreams/$2" "$tmp/former-$1-$2"
  else
    docker exec "$1" rm -f "/etc/caddy/upstreams/$2" >/dev/null 2>&1
  fi
  :
}

# each_proxy FUNCTION: lets it change files, then Caddy take them. In any case: who was killed
# between the two left a Caddy that does not know, and for one that does, it is nothing.
each_proxy() {
  for proxy in $proxies; do
    each_upstream "$1" "$proxy" || return 1
    if runs "$proxy" && fetch "$proxy" Caddyfile; then
      reload "$proxy" Caddyfile || return 1
    fi
  done
}

route() {
  each_proxy point || {
    reason="cannot be routed to: $reason"
    return 1
  }
}

route_back() {
  [ -n "$switched" ] || return 0
  each_proxy point_back || complain "Caddy could not be switched back: $reason"
}
"""
