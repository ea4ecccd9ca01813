"""POSIX shell that brings a host's processes and jobs to what is declared, and looks at them.

Stands behind what every script for a host has (render/bootstrap/steps: BASE and CHANGE).
"""

from __future__ import annotations

from typing import Final

LOOK: Final = r"""
missing() { printf '%s\n' "$1" >>"$tmp/missing"; }

# family PID: it, and all that it has started
family() {
  ps -e -o pid= -o ppid= | awk -v root="$1" '
    { parent[$1] = $2 }
    END {
      for (pid in parent) {
        for (each = pid; each > 1 && each != root; each = parent[each]);
        if (each == root) print pid
      }
    }'
}

# heard PID: where it and what it has started listen, a line each
heard() {
  family "$1" | sort >"$tmp/family"
  ss -Hltnp | while read -r _ _ _ at _ users; do
    printf '%s\n' "$users" | grep -o 'pid=[0-9]*' | cut -d = -f 2 | while read -r pid; do
      ! grep -qx "$pid" "$tmp/family" || printf '%s\n' "$at"
    done
  done | sed -e 's/%[^]:]*//' -e 's/^\[::ffff:\(.*\)\]:/\1:/' | sort -u
}

# root_of MANAGER UNIT USER: the process that all others descend from
root_of() {
  if [ "$1" = pm2 ]; then
    env -i "$RUN" pid "$3" 2>/dev/null
  else
    systemctl show --property MainPID --value "$2" | sed 's/^0$//'
  fi
}

# as_declared ADDRESSES: what stands in $tmp/heard are these and no others; sets odd, absent
as_declared() {
  odd='' absent=''
  while IFS= read -r at; do
    case " $1 " in
    *" $at "*) continue ;;
    esac
    port=${at##*:}
    case $at in
    '*:'* | 0.0.0.0:*) case " $1 " in *" 0.0.0.0:$port "* | *" [::]:$port "*) continue ;; esac ;;
    esac
    odd="$odd $at"
  done <"$tmp/heard"
  for at in $1; do
    port=${at##*:}
    case $at in
    0.0.0.0:* | '[::]:'*) grep -qxE "(\*|0\.0\.0\.0|\[::\]):$port" "$tmp/heard" ;;
    *) grep -qxF "$at" "$tmp/heard" || [ -n "$odd" ] ;;
    esac || absent="$absent $at"
  done
  [ -z "$odd$absent" ]
}

listens_so() {
  pid=$(root_of "$1" "$2" "$3")
  [ -n "$pid" ] || { odd='' absent=' nothing: it does not run' && return 1; }
  heard "$pid" >"$tmp/heard"
  as_declared "$4"
}
"""
"""Where processes listen."""

CHANGE: Final = r"""
# known_user USER, and there DIRECTORY: for the process $name
there() {
  id -u "$1" >/dev/null 2>&1 || {
    missing "$name: there is no user $1; make it, as the owner of its code"
    return 1
  }
  [ -d "$2" ] || {
    missing "$name: there is no directory $2; deploy its code there"
    return 1
  }
}

# process NAME LOGICAL MANAGER UNIT USER DIRECTORY ON_BOOT ADDRESSES HOW
process() {
  name=$1
  there "$5" "$6" || return 0
  if [ "$3" = pm2 ]; then
    case " $failed " in *" $5 "*) return 0 ;; esac
    was=$(root_of pm2 "$4" "$5")
    if [ -n "$was" ] && ! systemctl is-active --quiet "$4"; then
      # nothing would bring it back: it moves below its unit
      quietly env -i "$RUN" stop "$5"
      was=''
    fi
    if [ -z "$was" ]; then
      quietly systemctl restart "$4" || { broken "$1" "$4" "$5" && return 0; }
      changed "$4 started"
      over "$2"
      over "pm2-$5"
    elif due "$2" || due "pm2-$5"; then
      quietly env -i "$RUN" start "$5" "$1:$2" || { broken "$1" "$4" "$5" && return 0; }
      changed "$1 $9"
      over "$2"
    fi
  elif ! systemctl is-active --quiet "$4" || due "$2"; then
    how=started
    ! systemctl is-active --quiet "$4" || how=$9
    systemctl reset-failed "$4" >/dev/null 2>&1
    quietly systemctl restart "$4" || { broken "$1" "$4" "$5" && return 0; }
    over "$2"
    changed "$1 $how"
  fi
  boots "$4" "$7"
  within 15 listens_so "$3" "$4" "$5" "$8"
  listens_so "$3" "$4" "$5" "$8" || {
    last=$(journalctl -u "$4" -n 1 -o cat 2>/dev/null | cut -c 1-200)
    if [ -n "$odd" ]; then
      missing "$1 listens on$odd, which is not declared; let it listen on ${8:-nothing} only"
    else
      missing "$1 does not listen on$absent; see journalctl -u $4${last:+: $last}"
    fi
  }
}

# broken NAME UNIT USER
broken() {
  case $reason in
  *'Job for'*) reason=$(journalctl -u "$2" -n 8 -o cat 2>/dev/null | grep -v '^ *$' |
    grep -Ev "^($2: |Stopped|Starting|Failed|Started)" | tail -n 1 | cut -c 1-300) ;;
  esac
  failed="$failed $3"
  missing "$1 does not start: ${reason:-see journalctl -u $2}"
}

# boots UNIT ON_BOOT
boots() {
  if [ "$2" = yes ]; then
    systemctl is-enabled --quiet "$1" || {
      quietly systemctl enable "$1" || fail "$1 cannot be enabled: $reason"
      changed "$1 enabled"
    }
  else
    ! systemctl is-enabled --quiet "$1" || {
      quietly systemctl disable "$1" || fail "$1 cannot be disabled: $reason"
      changed "$1 disabled"
    }
  fi
}

# unit PATH MODE TEXT WHO IS DUE
unit() {
  put "$1" "$2" root "$3" "$4"
  ! due "$4" || : >/run/stackgraph-due-units
}

job() { running "$1.timer"; }

# forget_others: what an earlier deploy has put here and is declared no more
forget_others() {
  mkdir -p "$STATE"
  : >"$STATE/units.next"
  each_unit remember_unit
  : >"$STATE/pm2.next"
  each_process remember_process
  for each in units pm2; do [ -e "$STATE/$each" ] || : >"$STATE/$each"; done
  while IFS= read -r each; do
    grep -qxF "$each" "$STATE/units.next" || take_away "$each"
  done <"$STATE/units"
  while IFS= read -r each; do
    grep -qxF "$each" "$STATE/pm2.next" || {
      quietly env -i "$RUN" forget "${each% *}" "${each#* }" &&
        changed "${each#* } removed from PM2"
    }
  done <"$STATE/pm2"
}

keep_list() {
  mv -f "$STATE/units.next" "$STATE/units"
  mv -f "$STATE/pm2.next" "$STATE/pm2"
}

remember_unit() { printf '%s\n' "$1" >>"$STATE/units.next"; }
remember_process() { [ "$3" != pm2 ] || printf '%s %s\n' "$5" "$1" >>"$STATE/pm2.next"; }

take_away() {
  [ -e "$1" ] || return 0
  case $1 in
  *.service | *.timer) quietly systemctl disable --now "${1##*/}" ;;
  esac
  rm -f "$1"
  changed "$1 removed"
}

all_there() {
  [ -s "$tmp/missing" ] || return 0
  fail "$(sed '$!s/$/;/' "$tmp/missing" | tr '\n' ' ' | sed 's/ $//')"
}
"""
"""Units, what they start, and what goes."""

REMOVE: Final = r"""
remove() {
  for each in pm2 units; do [ -e "$STATE/$each" ] || : >"$STATE/$each"; done
  while IFS= read -r each; do
    [ ! -x "$RUN" ] || quietly env -i "$RUN" forget "${each% *}" "${each#* }" ||
      fail "${each#* } cannot be removed from PM2: $reason"
  done <"$STATE/pm2"
  while IFS= read -r each; do take_away "$each"; done <"$STATE/units"
  systemctl daemon-reload
  rm -rf "$ENVIRONMENTS" "$STATE"
}

take_away() {
  [ -e "$1" ] || return 0
  case $1 in
  *.service | *.timer) quietly systemctl disable --now "${1##*/}" ;;
  esac
  rm -f "$1"
  changed "$1 removed"
}
"""
"""All that these scripts have put on a host goes; code and data stay."""
