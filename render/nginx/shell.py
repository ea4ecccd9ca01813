"""POSIX shell that puts nginx's files into force, after nginx itself has read all of them.

Stands behind what every script for a host has (render/bootstrap/steps: BASE and CHANGE).
"""

from __future__ import annotations

from typing import Final

TREE: Final = r"""
# --- nginx's files: ours are told by their names, all others are left alone

ours() {
  (cd "$1" 2>/dev/null || exit 0
    for each in conf.d/stackgraph.conf sites-available/stackgraph.conf \
      sites-available/stackgraph-*.conf sites-enabled/stackgraph.conf \
      sites-enabled/stackgraph-*.conf; do
      if [ -e "$each" ] || [ -L "$each" ]; then printf '%s\n' "$each"; fi
    done)
}

# digest DIRECTORY: of our files there, links among them
digest() {
  ours "$1" | while IFS= read -r each; do
    if [ -L "$1/$each" ]; then readlink "$1/$each"; else sha256sum <"$1/$each"; fi |
      sed "s|^|$each |"
  done
}

# copy_ours FROM TO: our files in TO become those in FROM, each by a rename
copy_ours() {
  ours "$1" | while IFS= read -r each; do
    mkdir -p "$2/${each%/*}" && rm -f "$2/$each.next" && cp -P "$1/$each" "$2/$each.next" &&
      mv -fT "$2/$each.next" "$2/$each" || exit 1
  done || return 1
  ours "$2" | while IFS= read -r each; do
    [ -e "$1/$each" ] || [ -L "$1/$each" ] || rm -f "$2/$each"
  done
}

# seen_as_etc DIRECTORY COMMAND...: COMMAND finds DIRECTORY at /etc/nginx, and nobody else does
seen_as_etc() {
  # shellcheck disable=SC2016 # for the other shell
  unshare --mount sh -c 'mount --bind "$1" /etc/nginx && shift && exec "$@"' seen "$@"
}

# explain TREE: what nginx has said, with the line and the route that it comes from
explain() {
  reason=$(grep -m 1 -E '\[(emerg|alert|crit)\]' "$tmp/said" || grep '[^[:space:]]' "$tmp/said" |
    tail -n 1)
  reason=$(printf '%s\n' "${reason#*] }" | sed 's/^[0-9]*#[0-9]*: //')
  at=$(printf '%s\n' "$reason" | sed -n 's|.* in /etc/nginx/\([^ ]*\):\([0-9]*\)$|\1 \2|p')
  [ -n "$at" ] || return 0
  text=$(sed -n "${at##* }{s/^ *//;p}" "$1/${at% *}" 2>/dev/null | cut -c 1-200)
  route=$(head -n "${at##* }" "$1/${at% *}" 2>/dev/null | sed -n 's/^ *# \(route .*\)/\1/p' |
    tail -n 1)
  reason="$reason: $text${route:+ (from $route)}"
}
"""
"""Which files are ours, and looking at a tree that is not in force."""

APPLY: Final = r"""
# --- before anything is touched

alone_with_nginx() {
  exec 8>/run/stackgraph-nginx.lock
  flock -w "$PATIENCE" 8 || fail "another deploy has been changing nginx for $PATIENCE s"
}

programs() {
  missing=''
  has nginx || missing=nginx
  has certbot || missing="$missing certbot"
  has openssl || missing="$missing openssl"
  has ss || missing="$missing iproute2"
  if [ -n "$missing" ]; then
    room /var 256 'installing packages'
    apt_get update
    # shellcheck disable=SC2086
    apt_get install --no-install-recommends $missing
    changed "installed ${missing# }"
  fi
  version=$(nginx -v 2>&1 | sed -n 's|.*nginx/\([0-9]*\)\.\([0-9]*\)\.\([0-9]*\).*|\1 \2 \3|p')
  # shellcheck disable=SC2086
  set -- $version
  [ "$((${1:-0} * 1000000 + ${2:-0} * 1000 + ${3:-0}))" -ge 1019004 ] ||
    fail "nginx $1.$2.$3 cannot refuse unknown names, 1.19.4 can; use a newer release of the system"
}

# packaged_default: whether the site "default" is the package's own, as it came
packaged_default() {
  site=/etc/nginx/sites-available/default
  [ -L /etc/nginx/sites-enabled/default ] && [ -f "$site" ] || return 1
  came=$(dpkg-query -W -f '${Conffiles}\n' nginx-common 2>/dev/null |
    awk -v site="$site" '$1 == site { print $2 }')
  [ "$came" = "$(md5sum <"$site" | cut -d ' ' -f 1)" ]
}

# foreign: names and default servers of files that are not ours; "name|default VALUE FILE" each
foreign() {
  sed -e 's/^# configuration file \(.*\):$/@file \1 ;/' -e 's/\(^\|[[:space:];{}]\)#.*/\1/' \
    "$tmp/dump" |
    awk 'BEGIN { RS = "[;{}]" }
      $1 == "@file" { file = $2; next }
      file ~ /\/stackgraph(-[^\/]*)?\.conf$/ { next }
      $1 == "server_name" { for (i = 2; i <= NF; i++) print "name", tolower($i), file }
      $1 == "listen" {
        port = $2
        sub(/.*:/, "", port)
        for (i = 3; i <= NF; i++) if ($i ~ /^default(_server)?$/ && (port == 80 || port == 443))
          print "default", port, file
      }'
}

refuse_clashes() {
  quietly nginx -T || {
    explain /etc/nginx
    fail "nginx's own configuration is broken already, correct it first: $reason"
  }
  cp "$tmp/said" "$tmp/dump"
  off=''
  ! packaged_default || off=/etc/nginx/sites-enabled/default
  foreign | grep -v " ${off:-none}\$" | sort -u >"$tmp/foreign"
  each_name clash
  awk '$1 == "default" { print $3 " has the default server of port " $2 }' "$tmp/foreign" \
    >>"$tmp/clashes"
  [ ! -s "$tmp/clashes" ] ||
    fail "others' virtual hosts claim what is ours, so nothing was changed: $(sed '$!s/$/;/' \
      "$tmp/clashes" | tr '\n' ' ' | sed 's/ $//'); remove it there, or the route here"
}

clash() {
  awk -v name="$1" '$1 == "name" && $2 == name { print $3 " has server_name " name }' \
    "$tmp/foreign" >>"$tmp/clashes"
}

# --- putting files into force

# stage: the whole tree as it is to be, virtual hosts with a certificate enabled
stage() {
  rm -rf "$STATE/staged"
  mkdir -p "$STATE" && chmod 700 "$STATE"
  quietly cp -a /etc/nginx/. "$STATE/staged" || fail "cannot write to $STATE: $reason"
  ours "$STATE/staged" | while IFS= read -r each; do rm -f "$STATE/staged/$each"; done
  [ -z "$off" ] || rm -f "$STATE/staged/sites-enabled/default"
  mkdir -p "$STATE/staged/conf.d" "$STATE/staged/sites-available" "$STATE/staged/sites-enabled"
  each_file stage_file
  link stackgraph.conf
  each_name stage_name
}

# stage_file PATH TEXT
stage_file() {
  to=$STATE/staged${1#/etc/nginx}
  # a host without IPv6 has no such addresses to listen on
  if [ -e /proc/net/if_inet6 ]; then printf %s "$2"; else
    printf %s "$2" | sed '/^ *listen \[::\]/d'
  fi >"$to" && chmod 644 "$to"
}

link() { ln -s "../sites-available/$1" "$STATE/staged/sites-enabled/$1"; }
stage_name() { ! certified "$1" || link "$2"; }

# switch: what is staged is in force, or everything is as it was
switch() {
  stage
  quietly seen_as_etc "$STATE/staged" nginx -t || {
    explain "$STATE/staged"
    fail "nginx refuses the new files, the old ones stay in force: $reason"
  }
  digest "$STATE/staged" >"$tmp/new"
  digest /etc/nginx >"$tmp/old"
  if cmp -s "$tmp/old" "$tmp/new" && [ -z "$off" ] && ! due nginx; then
    serve
    return 0
  fi
  trap '' INT TERM HUP
  rm -rf "$STATE/last.next"
  mkdir -p "$STATE/last.next" && copy_ours /etc/nginx "$STATE/last.next" &&
    cp -P /etc/nginx/sites-enabled/default "$STATE/last.next/" 2>/dev/null
  rm -rf "$STATE/last" && mv "$STATE/last.next" "$STATE/last"
  : >/run/stackgraph-due-nginx
  quietly copy_ours "$STATE/staged" /etc/nginx || back "$reason"
  [ -z "$off" ] || rm -f "$off"
  quietly nginx -T || {
    explain /etc/nginx
    back "$reason"
  }
  for each in conf.d/stackgraph.conf sites-enabled/stackgraph.conf; do
    grep -q "^# configuration file /etc/nginx/$each:" "$tmp/said" ||
      back "nginx.conf does not include ${each%/*}/*; add the line to its http block"
  done
  if systemctl is-active --quiet nginx; then
    quietly systemctl reload nginx || back "$reason"
  fi
  serve
  over nginx
  each_change
  trap 'exit 1' INT TERM HUP
}

each_change() {
  [ -z "$off" ] || changed "$off, which the package brought, is off"
  off=''
  diff "$tmp/old" "$tmp/new" | awk '/^[<>]/ { print $2 }' | sort -u >"$tmp/differ"
  while IFS= read -r each; do changed "/etc/nginx/$each"; done <"$tmp/differ"
}

# back WHY: the last good set is in force again
back() {
  copy_ours "$STATE/last" /etc/nginx
  [ ! -L "$STATE/last/default" ] || cp -P "$STATE/last/default" /etc/nginx/sites-enabled/
  systemctl reload nginx >/dev/null 2>&1
  over nginx
  fail "nginx does not take the new files, the old ones are in force: $1"
}

serve() {
  quietly_enabled nginx
  systemctl is-active --quiet nginx || {
    systemctl reset-failed nginx >/dev/null 2>&1
    quietly systemctl start nginx || {
      others=$(ss -Hltnp '( sport = :80 or sport = :443 )' |
        sed -n 's/.*users:(("\([^"]*\)".*/\1/p' | sort -u | tr '\n' ' ')
      fail "nginx does not start: $reason${others:+; its ports are taken by $others}"
    }
    changed 'nginx started'
  }
  for port in 80 443; do
    within 10 listening "$port" ||
      fail "nginx does not listen on port $port; see journalctl -u nginx"
  done
}

quietly_enabled() {
  systemctl is-enabled --quiet "$1" || {
    quietly systemctl enable "$1" || fail "$1 cannot be enabled: $reason"
    changed "$1 enabled"
  }
}

listening() { ss -Hltnp "sport = :$1" | grep -q '"nginx"'; }
"""
"""From a bare host to a set of files that is in force."""
