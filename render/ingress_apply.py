"""The scripts that put routes and users into force in a Caddy container.

The deploy prepends one line, ``NEW=<id of the proxy's container>``, and gives the file on standard
input (`render.shell.feed`). Each script may run any number of times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from render.shell import BASE, CADDY, GATE, HANDOVER, LABEL_INGRESS, assign, each, hooks, quote


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressApply:
    """What the proxy of one host must be.

    ``ingress`` is the value of its label ``dev.stackgraph.ingress``; ``networks`` are those it is
    on besides ``own_network``, None where others see to that; ``admin`` is the address of Caddy's
    admin endpoint where it is not the default. Times in seconds.
    """

    ingress: str
    own_network: str
    networks: tuple[str, ...] | None
    gate: Literal["healthy", "running"]
    timeout_seconds: int
    grace_seconds: int
    admin: str | None = None


def ingress_apply_script(plan: IngressApply) -> str:
    """Give the script that takes a Caddyfile: an invalid one changes nothing and fails."""
    settings = {
        "SERVICE": plan.ingress,
        "LABEL": f"{LABEL_INGRESS}={plan.ingress}",
        "ORDER": "stop-first",
        "GATE": plan.gate,
        "TIMEOUT": plan.timeout_seconds,
        "GRACE": plan.grace_seconds,
    }
    networks = () if plan.networks is None else (plan.own_network, *plan.networks)
    return "".join(
        [
            *(BASE, GATE, HANDOVER, CADDY, _APPLY, "\n"),
            each("each_network", ((network,) for network in dict.fromkeys(networks))),
            hooks(
                {
                    "prepare": (),
                    "before_start": (),
                    "again": (),
                    "switch": ["leave_networks"],
                    "switch_back": ["former_caddyfile"],
                }
            ),
            _reload_in_place(plan.admin),
            assign(settings),
            "apply\n",
        ]
    )


def write_users_script(name: str, admin: str | None = None) -> str:
    """Give the script that writes a file of users for basic auth, which nobody else can read."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        msg = f"users {name!r} is no file name; use letters, digits and -._"
        raise ValueError(msg)
    settings = {"SERVICE": f"users of {name}", "FILE": f"users/{name}"}
    return "".join(
        [BASE, CADDY, _USERS, "\n", _reload_in_place(admin), assign(settings), "write_users\n"]
    )


def _reload_in_place(admin: str | None) -> str:
    option = f" --address {quote(admin)}" if admin else ""
    return f'take() {{ reload "$NEW" "$1"{option}; }}\n'


_APPLY = r"""
# inside COMMAND...: with the newcomer's programs and volumes, whether it runs or not
inside() {
  if runs "$NEW"; then
    docker exec "$NEW" "$@"
  else
    program=$1
    shift
    docker run --rm --network none --volumes-from "$NEW" --entrypoint "$program" "$image" "$@"
  fi
}

# keep: the checked Caddyfile becomes the one in force, the former one stays as Caddyfile.last
keep() {
  quietly inside sh -ec 'cd /etc/caddy
    if [ -e Caddyfile ]; then cp -p Caddyfile Caddyfile.last; fi
    mv -f Caddyfile.next Caddyfile'
}

former_caddyfile() {
  [ -n "$kept" ] || return 0
  quietly inside sh -ec 'cd /etc/caddy
    if [ -e Caddyfile.last ]; then mv -f Caddyfile.last Caddyfile; fi' ||
    complain "the former Caddyfile could not be put back: $reason"
}

# refuse REASON: nothing was changed
refuse() {
  inside rm -f /etc/caddy/Caddyfile.next >/dev/null 2>&1
  quit "$1"
}

# networks are compared as lines, so that no name can be part of another
is_line() { case "$nl$2$nl" in *"$nl$1$nl"*) ;; *) false ;; esac; }

join() {
  if is_line "$1" "$present"; then return 0; fi
  quietly docker network connect "$1" "$NEW" || {
    reason="cannot join $1: $reason"
    return 1
  }
  did="$did, joined $1"
}

# leave_networks: once nothing in force needs them
leave_networks() {
  wanted=$(each_network printf '%s\n')
  [ -n "$wanted" ] || return 0
  while read -r network; do
    if [ -z "$network" ] || is_line "$network" "$wanted"; then continue; fi
    quietly docker network disconnect "$network" "$NEW" || {
      reason="cannot leave $network: $reason"
      return 1
    }
    did="$did, left $network"
  done <<PRESENT
$present
PRESENT
}

apply() {
  nl='
'
  did='' kept=''
  state "$NEW" || quit "the proxy cannot be found: $reason"
  new_name=$name
  cat >"$tmp/Caddyfile"
  [ -s "$tmp/Caddyfile" ] || quit 'no Caddyfile came in'
  image=$(docker inspect --format '{{.Image}}' "$NEW")
  present=$(docker inspect --format \
    '{{range $n, $e := .NetworkSettings.Networks}}{{println $n}}{{end}}' "$NEW")
  differs=yes
  if fetch "$NEW" Caddyfile && same "$tmp/fetched" "$tmp/Caddyfile"; then differs=''; fi
  if [ -n "$differs" ]; then
    put "$NEW" Caddyfile.next "$tmp/Caddyfile" || quit "the Caddyfile cannot be written: $reason"
    quietly inside caddy validate --config /etc/caddy/Caddyfile.next --adapter caddyfile ||
      refuse "Caddy refuses the new Caddyfile, so the former one stays in force: $reason"
  fi
  each_network join || refuse "$new_name $reason"
  if ! runs "$NEW"; then
    if [ -n "$differs" ]; then
      keep || refuse "the Caddyfile cannot be put in place: $reason"
      kept=yes
    fi
    hand_over
    return
  fi
  trap '' INT TERM HUP # what is left takes no second, and half of it would be worse
  if [ -n "$differs" ]; then
    take Caddyfile.next ||
      refuse "Caddy does not take the new Caddyfile and keeps the former one: $reason"
    keep || quit "Caddy has the new Caddyfile, but it cannot be kept: $reason"
    did="$did, reloaded"
  fi
  leave_networks || quit "$new_name $reason"
  did=${did#, }
  say "${did:-nothing to do}"
}
"""

_USERS = r"""
write_users() {
  (umask 077 && cat >"$tmp/users")
  [ -s "$tmp/users" ] || quit 'no users came in, and without any nobody could pass'
  did='nothing to do'
  if ! fetch "$NEW" "$FILE" || ! same "$tmp/fetched" "$tmp/users"; then
    put "$NEW" "$FILE" "$tmp/users" || quit "cannot be written: $reason"
    did=written
  fi
  # in any case: a Caddy that knows them does nothing, and one that was not told must be
  if runs "$NEW" && fetch "$NEW" Caddyfile; then
    take Caddyfile || quit "$did, but Caddy does not take them: $reason"
  fi
  say "$did"
}
"""
