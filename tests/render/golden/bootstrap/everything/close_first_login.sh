set -u
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

# --- what is not as it should be, a line each

wrong() { printf '%s\n' "$1"; }

# same WHAT FOUND WANTED
same() { [ "$2" = "$3" ] || wrong "$1 is ${2:-unset}, not $3"; }

# --- who logs in

# effective USER: sshd's settings for who logs in from outside
effective() {
  mkdir -p /run/sshd
  quietly sshd -T -C "user=$1,host=host,addr=192.0.2.1" && cat "$tmp/said"
}

# listens PORT: sshd, or systemd in its place; not only with IPv6, unless that is what is set
listens() {
  addresses=$(ss -H -l -t -n -p "sport = :$1" | awk '/"(sshd|systemd)"/ { print $4 }')
  case $addresses in
  *[!:]*.*:* | '*:'* | *'
*:'*) return 0 ;;
  '') return 1 ;;
  *) ! effective root | grep -q '^listenaddress [0-9]' ;;
  esac
}

# may_log_in: whether keys, and sshd as it is, let the user in; sets reason
may_log_in() {
  home=$(home_of "$LOGIN")
  keys=$home/.ssh/authorized_keys
  if ! ssh-keygen -l -f "$keys" >/dev/null 2>&1; then
    reason="no key of $LOGIN is in $keys; state authorized_keys of the host"
    return 1
  fi
  for each in "$home" "$home/.ssh" "$keys"; do
    # sshd's StrictModes
    case $(stat -L -c %U:%A "$each") in
    "$LOGIN":?????-??-* | root:?????-??-*) ;;
    *)
      reason="sshd does not trust $each: it is not $LOGIN's alone to write"
      return 1
      ;;
    esac
  done
  case $(getent passwd "$LOGIN" | cut -d : -f 7) in
  */nologin | */false)
    reason="$LOGIN has no shell"
    return 1
    ;;
  esac
  effective "$LOGIN" >"$tmp/sshd" || {
    reason="sshd -T fails: $reason"
    return 1
  }
  if grep -q '^allowusers ' "$tmp/sshd" && ! grep -q "^allowusers $LOGIN\$" "$tmp/sshd"; then
    reason="sshd's AllowUsers leaves out $LOGIN; add it"
    return 1
  fi
  grep -Eq '^authorizedkeysfile (.* )?(%h/)?\.ssh/authorized_keys( |$)' "$tmp/sshd" || {
    reason="sshd does not read .ssh/authorized_keys: see its AuthorizedKeysFile"
    return 1
  }
  [ "$LOGIN" = root ] || quietly runuser -u "$LOGIN" -- sudo -n true || {
    reason="$LOGIN may not use sudo without a password: $reason"
    return 1
  }
}

verify_login() {
  if ! id -u "$LOGIN" >/dev/null 2>&1; then
    wrong "there is no user $LOGIN"
    return
  fi
  [ "$LOGIN" = root ] || id -nG "$LOGIN" | tr ' ' '\n' | grep -qx docker ||
    wrong "$LOGIN is not in group docker"
  may_log_in || wrong "$reason"
  [ -z "$KEYS" ] || printf %s "$KEYS" | cmp -s - "$(home_of "$LOGIN")/.ssh/authorized_keys" ||
    wrong "the keys of $LOGIN are not those declared"
}

verify_sshd() {
  for user in root "$LOGIN"; do
    effective "$user" >"$tmp/effective" || {
      wrong "sshd -T: $reason"
      return
    }
    # the first login, as long as it is open
    root=$ROOT_LOGIN
    if grep -q '^PermitRootLogin ' "$FIRST_LOGIN" 2>/dev/null; then root=prohibit-password; fi
    each_sshd verify_sshd_setting
    [ -z "$root" ] || verify_sshd_setting permitrootlogin "$root"
    [ "$user" != "$LOGIN" ] || break
  done
  ports=$PORT$(sed -n 's/^Port / /p' "$FIRST_LOGIN" 2>/dev/null)
  for each in $ports; do listens "$each" || wrong "sshd does not listen on port $each"; done
  sed -n 's/^port //p' "$tmp/effective" | while read -r each; do
    case " $ports " in
    *" $each "*) ;;
    *) wrong "sshd listens on port $each, too; remove it from /etc/ssh/sshd_config" ;;
    esac
  done
}

verify_sshd_setting() {
  found=$(sed -n "s/^$1 //p" "$tmp/effective" | sed 's/^without-password$/prohibit-password/')
  same "sshd's $1 for $user" "$found" "$2"
}

# --- sshd, and back to what it was

apply_sshd() {
  mkdir -p /run/sshd
  quietly sshd -t || return 1
  if systemctl is-active --quiet ssh.socket; then
    # Ubuntu: systemd listens on the ports, which a generator reads from sshd's configuration
    quietly systemctl daemon-reload && quietly systemctl restart ssh.socket
  else
    quietly systemctl reload-or-restart ssh
  fi || return 1
  for port in $(effective root | sed -n 's/^port //p'); do
    within 10 listens "$port" || {
      reason="nothing listens on port $port"
      return 1
    }
  done
}

# sshd_back FILE...: sshd as it was
sshd_back() {
  why=$reason
  bring_back "$@"
  over sshd
  apply_sshd || why="$why; nor does it take the old one: $reason"
  fail "sshd does not take its configuration, the old one is back: $why"
}

# --- the first login

# proven: whether who runs this came by the new login
proven() {
  came_from
  port=$(printf '%s' "$connection" | cut -d ' ' -f 4)
  [ -z "$port" ] || [ "$port" = "$PORT" ] ||
    fail "this came by port $port; the first login is closed only by way of port $PORT"
  by=${SUDO_USER-$(id -un)}
  [ "$by" = "$LOGIN" ] || fail "this came by user $by; the first login is closed only by $LOGIN"
}

close_first_login() {
  [ -e "$FIRST_LOGIN" ] || return 0
  proven
  [ -e "$SSHD" ] || fail "there is no $SSHD; run the bootstrap first"
  keep "$FIRST_LOGIN"
  rm -f "$FIRST_LOGIN"
  apply_sshd || sshd_back "$FIRST_LOGIN"
  changed "$FIRST_LOGIN removed"
}

each_setting() {
  "$@" fs.inotify.max_user_instances 1024 || return 1
  "$@" fs.inotify.max_user_watches 524288 || return 1
  "$@" kernel.panic 10 || return 1
  "$@" net.core.somaxconn 65535 || return 1
  "$@" vm.swappiness 10 || return 1
}
each_sshd() {
  "$@" maxsessions 100 || return 1
  "$@" maxstartups 100:30:200 || return 1
  "$@" kbdinteractiveauthentication no || return 1
  "$@" passwordauthentication no || return 1
  "$@" pubkeyauthentication yes || return 1
  "$@" x11forwarding no || return 1
}
HOST=vps
LOGIN=deploy
KEYS='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICyHVv7rXtDKl26FFh+oudlHCe9ywtEGVIvFZ8MTsR5a
'
PORT=2222
SSHD=/etc/ssh/sshd_config.d/10-stackgraph.conf
FIRST_LOGIN=/etc/ssh/sshd_config.d/05-stackgraph-first-login.conf
ROOT_LOGIN=no
as_root
close_first_login
verify_sshd >"$tmp/wrong"
[ ! -s "$tmp/wrong" ] || fail "not as it should be: $(sed '$!s/$/;/' "$tmp/wrong" | tr '\n' ' ' | sed 's/ $//')"
printf 'ready: %s changes\n' "$changes"
