"""What every script of a host stands on: messages, waiting, a look, writing files."""

from __future__ import annotations

from typing import Final

BASE: Final = r"""set -u
umask 022
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
tmp=$(mktemp -d) || exit 1
trap '' PIPE # who started this may be gone: finish what was begun all the same
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
changes=0

changed() {
  changes=$((changes + 1))
  printf 'changed: %s\n' "$1"
}
fail() {
  printf '%s: %s\n' "$HOST" "$1" >&2
  exit 1
}

# quietly COMMAND...: sets reason when it fails: the line in which it says why, or its last one
quietly() {
  "$@" >"$tmp/said" 2>&1 </dev/null && return 0
  why='^(E:|Job for|A dependency|Failed to) |line [0-9]+: |ERROR'
  reason=$(grep -m 1 -E "$why" "$tmp/said" || grep '[^[:space:]]' "$tmp/said" | tail -n 1)
  reason=$(printf '%s' "$reason" | tr -d '\000-\037\177' | cut -c 1-300)
  return 1
}

# within SECONDS COMMAND...: again and again until it is true
within() {
  until=$(($(date +%s) + $1))
  shift
  while ! "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$until" ] || return 1
    sleep 0.5
  done
}

as_root() { [ "$(id -u)" = 0 ] || fail "this must be run by root, not by $(id -un)"; }
installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }
has() { command -v "$1" >/dev/null 2>&1; }
contained() { systemd-detect-virt --quiet --container; }
home_of() { getent passwd "$1" | cut -d : -f 6; }

# came_from: sets connection to SSH_CONNECTION, which sudo hides but has
came_from() {
  connection=${SSH_CONNECTION-}
  pid=$PPID
  while [ -z "$connection" ] && [ "${pid:-0}" -gt 1 ]; do
    connection=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | sed -n 's/^SSH_CONNECTION=//p')
    pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
  done
}

# keep FILE, and bring_back FILE...: as they were, or gone when they were not there
keep() {
  rm -f "$tmp/kept-${1##*/}"
  [ ! -e "$1" ] || cp -p "$1" "$tmp/kept-${1##*/}"
}

bring_back() {
  for each; do
    kept=$tmp/kept-${each##*/}
    if [ -e "$kept" ]; then cp -p "$kept" "$each"; else rm -f "$each"; fi
  done
}

# clock: the service that keeps the time
clock() {
  for each in chrony ntpsec ntp openntpd systemd-timesyncd; do
    ! installed "$each" || { echo "$each" && return; }
  done
}
"""
"""Messages, and waiting."""

LOOK: Final = r"""
# --- what is not as it should be, a line each

wrong() { printf '%s\n' "$1"; }

# same WHAT FOUND WANTED
same() { [ "$2" = "$3" ] || wrong "$1 is ${2:-unset}, not $3"; }
"""
"""What a look says."""

BEFORE: Final = r"""
# --- before anything is touched

alone() {
  exec 9>/run/stackgraph-bootstrap.lock
  flock -w "$PATIENCE" 9 || fail "another bootstrap has been running for $PATIENCE s"
}

preflight() {
  as_root
  os=$(sed -n 's/^ID=//p' /etc/os-release | tr -d '"')
  os="$os $(sed -n 's/^VERSION_ID=//p' /etc/os-release | tr -d '"')"
  case $os in
  'debian 12' | 'debian 13' | 'ubuntu 22.04' | 'ubuntu 24.04') ;;
  *) fail "$os is not supported; use Debian 12 or 13, or Ubuntu 22.04 or 24.04" ;;
  esac
  found=$(dpkg --print-architecture)
  [ "$found" = "$ARCH" ] || fail "the host is linux/$found, but linux/$ARCH is declared"
  [ -d /run/systemd/system ] || fail 'systemd does not run, which keeps services running here'
  alone
  # a script that cloud-init itself runs would wait for its own end
  if [ -z "${STACKGRAPH_CLOUD_INIT-}" ] && has cloud-init; then
    timeout "$PATIENCE" cloud-init status --wait >/dev/null 2>&1
    [ $? != 124 ] || fail "cloud-init has not ended within $PATIENCE s"
  fi
}
"""
"""Who may run this, and on what; one at a time."""

CHANGE_FILES: Final = r"""
# --- files

# room DIRECTORY MEBIBYTES WHAT
room() {
  free=$(($(df -P -k "$1" | awk 'NR == 2 { print $4 }') / 1024))
  [ "$free" -ge "$2" ] || fail "$1 has $free MiB left, $3 needs $2; make room"
}

# Who must read a changed file, is due until it has, even if this is interrupted in between.
due() { [ -e "/run/stackgraph-due-$1" ]; }

over() { rm -f "/run/stackgraph-due-$1"; }

# put PATH MODE OWNER TEXT [WHO IS DUE]: the file becomes so, by a rename
put() {
  printf %s "$4" >"$tmp/text" || fail "cannot write to $tmp; make room"
  if cmp -s "$tmp/text" "$1" && [ "$(stat -c %a:%U "$1")" = "$2:$3" ]; then return 0; fi
  [ -z "${5-}" ] || : >"/run/stackgraph-due-$5"
  quietly replace "$@" || fail "cannot write $1: $reason"
  changed "$1"
}

replace() {
  mkdir -p "${1%/*}" && next=$(mktemp "${1%/*}/.stackgraph.XXXXXX") || return 1
  if cat "$tmp/text" >"$next" && chmod "$2" "$next" && chown "$3": "$next" && mv -f "$next" "$1"
  then return 0; fi
  rm -f "$next"
  return 1
}
"""
"""Writing a file, and whom that makes due."""
