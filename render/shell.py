"""POSIX shell that a deploy runs beside the Docker daemon: quoting, and what scripts share.

Needs ``sh`` (dash, busybox), the Docker CLI and coreutils; nothing is left on the host. It reads no
secret but from standard input, and puts none into an argument list or a message.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

LABEL_SERVICE: Final = "dev.stackgraph.service"
LABEL_INGRESS: Final = "dev.stackgraph.ingress"
CONFIG_DIRECTORY: Final = "/etc/caddy"


def quote(word: object) -> str:
    """Give one shell word. The only place where a value becomes shell."""
    text = str(word)
    if "\0" in text:
        msg = "a shell word cannot hold a NUL character"
        raise ValueError(msg)
    return shlex.quote(text)


def assign(values: Mapping[str, object]) -> str:
    """Give assignments, one a line, in the order given."""
    return "".join(f"{name}={quote(value)}\n" for name, value in values.items())


def each(name: str, rows: Iterable[Sequence[object]]) -> str:
    """Give a function that calls the command it is given once a row, until one call fails."""
    calls = "".join(f'  "$@" {" ".join(map(quote, row))} || return 1\n' for row in rows)
    return f"{name}() {{\n{calls}}}\n" if calls else f"{name}() {{ :; }}\n"


def hooks(commands: Mapping[str, Iterable[str]]) -> str:
    """Give functions by name, each running its commands until one fails."""
    return "".join(
        f"{name}() {{ {' && '.join(each) or ':'}; }}\n"
        for name, each in ((name, tuple(given)) for name, given in commands.items())
    )


def feed(script: str, text: str) -> str:
    """Give a script that runs ``script`` with ``text`` on its standard input.

    For callers whose own standard input is the script. The text stays out of argument lists, and
    out of here-documents, of which dash 0.5.12 loses bytes; its file has no name by then.
    """
    return (
        f'fed=$(mktemp) && printf %s {quote(text)} >"$fed" && exec 3<"$fed" || exit 1\n'
        f'rm -f "$fed"\n{{\n{script}}} <&3 3<&-\n'
    )


BASE: Final = r"""set -u
umask 022
LC_ALL=C
export LC_ALL
trap '' PIPE # who started this may be gone: finish what was begun all the same
tmp=$(mktemp -d) || exit 1
lock=''
trap 'rm -rf "$tmp" ${lock:+"$lock"}' EXIT
trap 'exit 1' INT TERM HUP

say() { printf '%s: %s\n' "$SERVICE" "$1"; }
complain() { printf '%s: %s\n' "$SERVICE" "$1" >&2; }

# quit MESSAGE: for what is wrong before anything was touched
quit() {
  complain "$1"
  exit 1
}

# tidy: text without control characters, each line cut at 300
tidy() {
  tr '\t' ' ' | tr -d '\000-\011\013-\037\177' | cut -c 1-300 |
    while IFS= read -r line || [ -n "$line" ]; do
      # cut counts bytes: no half a character at the end
      if [ "${#line}" -ge 300 ]; then
        while case $line in *[!\ -~]) true ;; *) false ;; esac; do line=${line%?}; done
      fi
      printf '%s\n' "$line"
    done
}

# one_line: what a command said, without the phrases that say nothing
one_line() {
  tidy | while IFS= read -r line; do
    case $line in
    '' | 'Error: failed to start containers:'* | '{'*) continue ;;
    'Error response from daemon: '*) line=${line#Error response from daemon: } ;;
    'Error: '*) line=${line#Error: } ;;
    esac
    printf '%s\n' "$line"
  done | tr '\n' ' ' | tr -s ' ' | { IFS= read -r line || :; printf '%s' "${line% }"; }
}

# quietly COMMAND...: sets reason to what it said when it fails
quietly() {
  "$@" >"$tmp/said" 2>&1 && return 0
  reason=$(one_line <"$tmp/said")
  return 1
}

# labelled LABEL [--all]: ids of the running containers, or of all
labelled() { docker ps ${2+"$2"} --quiet --no-trunc --filter "label=$1"; }

runs() { [ "$(docker inspect --format '{{.State.Status}}' "$1" 2>/dev/null)" = running ]; }
"""
"""Messages, and what Docker says."""

GATE: Final = r"""
began=$(date +%s)

facts='{{.Name}} {{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}'
facts=$facts' {{with .State.Health}}{{.Status}}{{else}}none{{end}}'
facts=$facts' {{.State.StartedAt}} {{.State.OOMKilled}}'

# state CONTAINER: sets name, status, code, restarts, health, started, oom
state() {
  found=$(docker inspect --type container --format "$facts" "$1" 2>&1) || {
    reason=$(printf '%s\n' "$found" | one_line)
    return 1
  }
  read -r name status code restarts health started oom <<STATE
$found
STATE
  name=${name#/}
}

last_check() {
  docker inspect --format \
    '{{$s := ""}}{{with .State.Health}}{{range .Log}}{{$s = .Output}}{{end}}{{end}}{{$s}}' \
    "$1" 2>&1 | one_line
}

# watch CONTAINER GATE RESTARTS: waits; sets passed (how, in words) or reason (why not)
watch() {
  since=$(date +%s)
  while :; do
    seconds=$(($(date +%s) - since))
    state "$1" || { reason="cannot be watched: $reason"; return 1; }
    case $status in
    exited | dead | restarting)
      if [ "$2" = completed ] && [ "$status $code" = 'exited 0' ]; then
        passed="completed after $seconds s"
        return 0
      fi
      reason="exited with code $code after $seconds s"
      [ "$oom" = false ] || reason="ran out of memory after $seconds s"
      [ "$status" != restarting ] || reason="$reason, again and again"
      return 1
      ;;
    esac
    if [ "$restarts" -gt "$3" ]; then
      reason="crashed and was restarted by Docker within $seconds s"
      return 1
    fi
    case $2.$health in
    running.*)
      # a whole 3 s, whatever part of its second the clock began with
      if [ "$status" = running ] && [ "$seconds" -gt 3 ]; then
        passed="running for $seconds s"
        return 0
      fi
      ;;
    healthy.healthy)
      passed="healthy after $seconds s"
      return 0
      ;;
    healthy.unhealthy)
      reason=$(last_check "$1")
      reason="unhealthy${reason:+: $reason}"
      return 1
      ;;
    healthy.none)
      reason='has no health check'
      return 1
      ;;
    esac
    if [ "$seconds" -ge "$TIMEOUT" ]; then
      reason="not $2 within $TIMEOUT s"
      said=$(last_check "$1")
      reason="$reason${said:+: $said}"
      return 1
    fi
    sleep 0.3
  done
}
"""
"""Waiting until a container shows what is asked of it."""

HANDOVER: Final = r"""
# except LINE: the other lines
except() { while IFS= read -r line; do [ "$line" = "$1" ] || printf '%s\n' "$line"; done; }

# is_through: whether the newcomer has passed its gate before; after state "$NEW"
is_through() {
  case $GATE.$status in
  healthy.running) [ "$health" = healthy ] ;;
  # started within this minute: it may be on its way down
  running.running) case $started in "$(date -u +%Y-%m-%dT%H:%M)"*) false ;; esac ;;
  completed.exited) [ "$code" = 0 ] ;;
  *) false ;;
  esac
}

stop_old() {
  for id in $old; do
    case " $stopped " in *" $id "*) continue ;; esac
    stopped="$stopped $id"
    quietly docker stop -t "$GRACE" "$id" || {
      reason="cannot replace the old one, which does not stop: $reason"
      return 1
    }
  done
}

# start_new: sets restarts_before, which tells a crash from one long ago
start_new() {
  restarts_before=$restarts
  [ "$status" != running ] || return 0
  restarts_before=0
  begun=yes
  before_start || return 1
  quietly docker start "$NEW" || {
    reason="could not be started: $reason"
    return 1
  }
}

show_log() {
  docker logs --tail 20 "$NEW" 2>&1 | tidy >"$tmp/log"
  if [ -s "$tmp/log" ]; then
    complain "$new_name $1; the last lines of its log:"
    while IFS= read -r line; do printf '  | %s\n' "$line"; done <"$tmp/log" >&2
  else
    complain "$new_name $1; its log is empty"
  fi
}

# bring_back: starts what was stopped; says what serves now
bring_back() {
  gate=$GATE
  [ "$gate" != completed ] || gate=running
  served=''
  for id in $old; do
    case " $stopped " in
    *" $id "*)
      # first stop: one may be on its way still, begun by a command that a signal has ended
      docker stop -t "$GRACE" "$id" >/dev/null 2>&1
      if ! quietly docker start "$id"; then
        complain "the old container $id cannot be started again: $reason"
      elif watch "$id" "$gate" 0; then
        complain "the old container $name serves again, $passed"
        served=yes
      else
        complain "the old container $name was started again, but fails, too: $reason"
      fi
      ;;
    *)
      if state "$id" && [ "$status" = running ]; then
        complain "the old container $name serves on"
        served=yes
      fi
      ;;
    esac
  done
  [ -z "$served" ] || return 0
  if [ -n "$left" ]; then
    complain "$new_name was left running, as before: there is no other one"
  elif [ "$GATE" != completed ]; then
    complain 'nothing serves now'
  fi
  former=$(docker ps --all --filter "label=$LABEL" --filter status=exited --format '{{.Names}}' |
    except "$new_name" | { IFS= read -r line && cat >/dev/null && printf '%s' "$line"; })
  [ -z "$former" ] ||
    complain "the former container is $former; docker start $former brings it back"
}

# fail: reason says why; afterwards everything is as before
fail() {
  trap '' INT TERM HUP
  show_log "$reason"
  switch_back
  left=''
  # what ran before this script, alone, is no worse for a look at it
  if [ -n "$begun$old" ]; then docker stop -t "$GRACE" "$NEW" >/dev/null 2>&1; else left=yes; fi
  bring_back
  exit 1
}

interrupted() {
  reason="had not taken over when the deploy was interrupted, after $(($(date +%s) - began)) s"
  fail
}

# hand_over: from the old ones to NEW; the hooks are
# prepare, before_start, again, switch and switch_back
hand_over() {
  begun='' stopped=''
  state "$NEW" || quit "the new container cannot be found: $reason"
  new_name=$name
  old=$(labelled "$LABEL" | except "$NEW")
  prepare
  trap interrupted INT TERM HUP
  if is_through; then
    passed="$GATE already"
    again || fail
  else
    if [ "$ORDER" = stop-first ]; then stop_old || fail; fi
    start_new || fail
    watch "$NEW" "$GATE" "$restarts_before" || fail
  fi
  switch || fail
  trap '' INT TERM HUP
  stop_old || quit "$new_name serves now, but $reason"
  gone=$(printf '%s' "$old" | wc -w)
  case $((gone)) in
  0) gone='' ;;
  1) gone=', old one stopped' ;;
  *) gone=", $((gone)) old ones stopped" ;;
  esac
  say "$ORDER, $passed$gone"
}
"""
"""The newcomer takes over from the old ones, or everything is as it was."""

OWNED: Final = r"""
# owned DIRECTORY NAME: a tar of it that is all root's, whoever deploys: copied as it is, a file of
# somebody else could not be read by who has no capabilities. GNU's tar, then BSD's; busybox's
# cannot, and is for root.
owned() {
  tar -C "$1" --owner=0 --group=0 -cf - "$2" 2>/dev/null ||
    tar -C "$1" --uid 0 --gid 0 -cf - "$2" 2>/dev/null ||
    tar -C "$1" -cf - "$2"
}
"""
"""Files for a container, as `docker cp -` takes them."""

CADDY: Final = (
    OWNED
    + r"""
same() { [ "$(cat "$1")" = "$(cat "$2")" ]; }

# fetch CONTAINER PATH: /etc/caddy/PATH becomes $tmp/fetched
fetch() {
  rm -f "$tmp/fetched"
  docker cp "$1:/etc/caddy/$2" "$tmp/fetched" >/dev/null 2>&1
}

# send CONTAINER: $tmp/tree becomes part of /etc/caddy
send() { owned "$tmp/tree" . | docker cp - "$1:/etc/caddy"; }

# put CONTAINER PATH FILE: FILE with its mode becomes /etc/caddy/PATH, by a rename where that runs
put() {
  at=$2
  if runs "$1"; then at=$2.next; fi
  rm -rf "$tmp/tree"
  mkdir -p "$tmp/tree/$at" && rmdir "$tmp/tree/$at" && cp -p "$3" "$tmp/tree/$at" || return 1
  quietly send "$1" || return 1
  [ "$at" = "$2" ] || quietly docker exec "$1" mv -f "/etc/caddy/$at" "/etc/caddy/$2"
}

# alone CONTAINER: waits for its turn, since of two reloads at once the one that has read older
# files may come last. Its directory names its owner, who may have been killed.
alone() {
  [ -z "$lock" ] || return 0
  mine=${TMPDIR:-/tmp}/stackgraph-$(printf '%s' "$1" | cut -c 1-12).lock
  tries=0
  until mkdir "$mine" 2>/dev/null; do
    owner=$(cat "$mine/owner" 2>/dev/null)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -rf "$mine"
    elif [ "$tries" -gt 300 ]; then
      reason="another deploy has been changing Caddy for a minute; if none does, remove $mine"
      return 1
    fi
    tries=$((tries + 1))
    sleep 0.2
  done
  lock=$mine
  printf '%s\n' "$$" >"$lock/owner"
}

# reload CONTAINER PATH [OPTION...]: a running Caddy takes /etc/caddy/PATH, if it is valid
reload() {
  caddy=$1 path=/etc/caddy/$2
  shift 2
  alone "$caddy" || return 1
  quietly docker exec "$caddy" caddy validate --config "$path" --adapter caddyfile &&
    quietly docker exec "$caddy" caddy reload --config "$path" --adapter caddyfile "$@"
  set -- "$?"
  rm -rf "$lock"
  lock=''
  return "$1"
}
"""
)
"""Files in the volume of a Caddy, and putting them into force."""
