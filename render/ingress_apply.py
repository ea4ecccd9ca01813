"""The scripts that put routes, users, certificates and tokens into force in a Caddy container.

The deploy prepends one line, ``NEW=<id of the proxy's container>``, and gives the file on standard
input (`render.shell.feed`). Each script may run any number of times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from render.shell import BASE, CADDY, GATE, HANDOVER, LABEL_INGRESS, assign, hooks, quote


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressApply:
    """What the proxy of one host must be.

    ``ingress`` is the value of its label ``dev.stackgraph.ingress``; ``admin`` is the address of
    Caddy's admin endpoint where it is not the default. Times in seconds. Which networks it is on
    is not its own affair: each is a resource, so that one is left before it goes.
    """

    ingress: str
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
    return "".join(
        [
            *(BASE, GATE, HANDOVER, CADDY, _APPLY, "\n"),
            hooks(
                {
                    "prepare": (),
                    "before_start": (),
                    "again": (),
                    "switch": (),
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
    _check(f"users {name!r}", name)
    nothing = "no users came in, and without any nobody could pass"
    return _write(f"users of {name}", f"users/{name}", nothing, admin, again=False)


def write_certificate_script(name: str, admin: str | None = None) -> str:
    """Give the script that writes a certificate and its key, PEM, as one file: both or neither.

    Nobody but Caddy can read it. Of an authority there is only the certificate.
    """
    _check(f"certificate {name!r}", name)
    file = f"certificates/{name}.pem"
    return _write(f"certificate {name}", file, "no certificate came in", admin, again=True)


def write_token_script(file: str, admin: str | None = None) -> str:
    """Give the script that writes the token of a DNS provider, which nobody else can read."""
    _check(f"token {file!r}", file.partition("/")[2])
    return _write("token for DNS", file, "no token came in", admin, again=True)


def _check(what: str, name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        msg = f"{what} is no file name; use letters, digits and -._"
        raise ValueError(msg)


def _write(service: str, file: str, nothing: str, admin: str | None, *, again: bool) -> str:
    """Give the script that writes a file; ``again``: Caddy's configuration does not show it."""
    settings = {"SERVICE": service, "FILE": file, "NOTHING": nothing}
    reload = _reload_in_place(admin, "--force" if again else "")
    return "".join([BASE, CADDY, _WRITE, "\n", reload, assign(settings), "write_file\n"])


def _reload_in_place(admin: str | None, *more: str) -> str:
    options = (*(("--address", quote(admin)) if admin else ()), *filter(None, more))
    return f'take() {{ reload "$NEW" "$1"{"".join(f" {each}" for each in options)}; }}\n'


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

# whose FILE: which route the line is of that Caddy complains about, if it tells any
whose() {
  at=$(printf '%s\n' "$reason" | grep -o 'Caddyfile\.next:[0-9][0-9]*' | head -n 1 | cut -d : -f 2)
  [ -n "$at" ] || return 0
  route=$(head -n "$at" "$1" | sed -n 's/^[[:space:]]*# \(route .*\)/\1/p' | tail -n 1)
  printf '%s' "line $at: $(sed -n "${at}p" "$1" | sed 's/^[[:space:]]*//')${route:+, of $route}: "
}

# refuse REASON: nothing was changed
refuse() {
  inside rm -f /etc/caddy/Caddyfile.next >/dev/null 2>&1
  quit "$1"
}

apply() {
  did='nothing to do' kept=''
  state "$NEW" || quit "the proxy cannot be found: $reason"
  cat >"$tmp/Caddyfile"
  [ -s "$tmp/Caddyfile" ] || quit 'no Caddyfile came in'
  image=$(docker inspect --format '{{.Image}}' "$NEW")
  differs=yes
  if fetch "$NEW" Caddyfile && same "$tmp/fetched" "$tmp/Caddyfile"; then differs=''; fi
  if [ -n "$differs" ]; then
    put "$NEW" Caddyfile.next "$tmp/Caddyfile" || quit "the Caddyfile cannot be written: $reason"
    quietly inside caddy validate --config /etc/caddy/Caddyfile.next --adapter caddyfile ||
      refuse "Caddy refuses the new Caddyfile, so the former one stays in force:\
 $(whose "$tmp/Caddyfile")$reason"
  fi
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
    did=reloaded
  fi
  say "$did"
}
"""

_WRITE = r"""
write_file() {
  (umask 077 && cat >"$tmp/new")
  [ -s "$tmp/new" ] || quit "$NOTHING"
  did='nothing to do'
  if fetch "$NEW" "$FILE"; then mv "$tmp/fetched" "$tmp/former"; fi
  if ! [ -e "$tmp/former" ] || ! same "$tmp/former" "$tmp/new"; then
    put "$NEW" "$FILE" "$tmp/new" || quit "cannot be written: $reason"
    did=written
  fi
  # in any case: a Caddy that knows it does nothing, and one that was not told must be
  if runs "$NEW" && fetch "$NEW" Caddyfile; then
    take Caddyfile || unwrite
  fi
  say "$did"
}

# unwrite: what Caddy does not take is not there either when it starts again
unwrite() {
  why=$reason
  if [ "$did" = written ] && [ -e "$tmp/former" ]; then
    put "$NEW" "$FILE" "$tmp/former" || complain "the former file could not be put back: $reason"
    did='the former one stays'
  fi
  quit "$did: Caddy does not take it: $why"
}
"""
