"""POSIX shell for what stands beside nginx: users, the files of sites; and for taking ours away."""

from __future__ import annotations

from typing import Final

REST: Final = r"""
# --- what stands beside nginx

# nginx_user: whom nginx's workers run as
nginx_user() { sed -n 's/^user  *\([^ ;]*\).*/\1/p' "$tmp/dump" | head -n 1; }

# user_files: nginx may read them, nobody else may; those that are not declared go
user_files() {
  [ -d "$USERS" ] || return 0
  group=$(id -gn "$(nginx_user)" 2>/dev/null) || group=root
  chown "root:$group" "$USERS" "$USERS"/* 2>/dev/null
  chmod 750 "$USERS"
  chmod 640 "$USERS"/* 2>/dev/null
  for each in "$USERS"/*; do
    case " $USER_FILES " in
    *" ${each##*/} "*) ;;
    *) [ ! -e "$each" ] || { rm -f "$each" && changed "$each removed"; } ;;
    esac
  done
}

# site NAME PATH: is it there, and may nginx read it
site() {
  if [ ! -d "$2" ]; then
    missing "site $1: there is no directory $2; deploy its files there"
    return 0
  fi
  runs_as=$(nginx_user)
  at=$2 shut=''
  while [ "$at" != / ]; do
    runuser -u "${runs_as:-www-data}" -- test -x "$at" || shut=$at
    at=$(dirname "$at")
  done
  [ -z "$shut" ] ||
    missing "site $1: $runs_as, as whom nginx runs, may not enter $shut; chmod o+x $shut"
}

missing() { printf '%s\n' "$1" >>"$tmp/missing"; }

all_there() {
  [ -s "$tmp/missing" ] || return 0
  fail "$(sed '$!s/$/;/' "$tmp/missing" | tr '\n' ' ' | sed 's/ $//')"
}
"""
"""Users, and the files of sites."""

REMOVE: Final = r"""
remove() {
  [ -d /etc/nginx ] || return 0
  mkdir -p "$tmp/none"
  [ -n "$(ours /etc/nginx)" ] || return 0
  copy_ours "$tmp/none" /etc/nginx
  rm -rf /etc/nginx/stackgraph "$STATE"
  changed 'virtual hosts removed'
  ! systemctl is-active --quiet nginx || quietly systemctl reload nginx ||
    fail "nginx does not reload without our files: $reason"
}
"""
"""Our files go; nginx, its other virtual hosts and the certificates stay."""
