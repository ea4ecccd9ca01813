"""POSIX shell of the bootstrap: what steps share, looking at a host, and changing it.

Runs as root on Debian and Ubuntu with dash. Nothing secret is in it or passes through it. Only
what ``CHANGE…`` and ``CLOSE`` name changes something.
"""

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

LOOK_AT_SYSTEM: Final = r"""
# --- time, kernel, swap

# swap_size: of all swap, in bytes
swap_size() {
  swapon --noheadings --bytes --show=NAME,SIZE | awk '{ n += $2 } END { print n + 0 }'
}

enough_swap() { [ "$(swap_size)" -ge $((SWAP * 98 / 100)) ]; }

verify_system() {
  time=$(clock)
  if [ -z "$time" ]; then
    wrong 'nothing keeps the time'
  else
    systemctl is-enabled --quiet "$time" || wrong "$time is not enabled"
    systemctl is-active --quiet "$time" || contained || wrong "$time does not run"
  fi
  each_setting verify_setting
  [ "$SWAP" = 0 ] || enough_swap || wrong "swap is $(swap_size) bytes, not $SWAP"
}

verify_setting() {
  file=/proc/sys/$(printf %s "$1" | tr . /)
  if contained && [ ! -w "$file" ]; then return 0; fi
  same "$1" "$(cat "$file" 2>/dev/null)" "$2"
}
"""
"""Time, settings of the kernel, swap."""

LOOK_AT_UPGRADES: Final = r"""
# --- security updates

verify_upgrades() {
  apt-config dump >"$tmp/apt"
  for each in 'APT::Periodic::Update-Package-Lists "1";' 'APT::Periodic::Unattended-Upgrade "1";' \
    'Unattended-Upgrade::Automatic-Reboot "false";'; do
    grep -qxF "$each" "$tmp/apt" || wrong "apt has not: $each"
  done
  has unattended-upgrade || wrong 'unattended-upgrades is not installed'
  for each in apt-daily.timer apt-daily-upgrade.timer; do
    if ! { systemctl is-enabled --quiet "$each" && systemctl is-active --quiet "$each"; }; then
      wrong "$each does not run"
    fi
  done
}
"""
"""Unattended security updates."""

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

LOOK_AT_LOGIN: Final = r"""
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
"""
"""The login, and the settings that sshd has for it."""

LOOK_AT_BANS: Final = r"""
# --- fail2ban

jail_runs() { fail2ban-client status sshd; }

verify_bans() {
  if ! quietly fail2ban-client status sshd; then
    wrong "fail2ban has no jail sshd: $reason"
    return
  fi
  systemctl is-enabled --quiet fail2ban || wrong 'fail2ban is not enabled'
  fail2ban-client get sshd ignoreip >"$tmp/never" 2>&1
  for each in $NEVER_BANNED $(cat "$STATE/operators" 2>/dev/null); do
    grep -qF -- "$each" "$tmp/never" || wrong "fail2ban may ban $each"
  done
  same "fail2ban's maxretry" "$(fail2ban-client get sshd maxretry)" "$BAN_FAILURES"
  same "fail2ban's findtime" "$(fail2ban-client get sshd findtime)" "$BAN_WINDOW"
}
"""
"""The jail, and whom it spares."""

CHANGE: Final = r"""
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

# --- packages and services

apt_get() {
  until=$(($(date +%s) + PATIENCE))
  while ! DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l quietly apt-get -q -y \
    -o DPkg::Lock::Timeout=5 -o Dpkg::Options::=--force-confdef \
    -o Dpkg::Options::=--force-confold "$@"; do
    if grep -q 'dpkg was interrupted' "$tmp/said"; then
      DEBIAN_FRONTEND=noninteractive quietly dpkg --force-confdef --force-confold --configure -a ||
        fail "dpkg was interrupted, and dpkg --configure -a fails: $reason"
      continue
    fi
    grep -Eq 'Could not get lock|Unable to (lock|acquire)' "$tmp/said" ||
      fail "apt-get $1 fails: $reason"
    [ "$(date +%s)" -lt "$until" ] || fail "apt-get $1 has waited $PATIENCE s: $reason"
    sleep 2
  done
}

packages() {
  missing=''
  for each in $PACKAGES; do installed "$each" || missing="$missing $each"; done
  # whichever engine is there is kept: hosts that are adopted run Docker's own packages
  has dockerd || missing="$missing docker.io"
  if [ -z "$(clock)" ]; then missing="$missing systemd-timesyncd"; fi
  [ -n "$missing" ] || return 0
  room /var 1024 'installing packages'
  apt_get update
  # shellcheck disable=SC2086
  apt_get install --no-install-recommends $missing
  changed "installed$missing"
}

# running SERVICE: enabled, and running where its conditions are met
running() {
  if ! systemctl is-enabled --quiet "$1"; then
    quietly systemctl enable "$1" || fail "$1 cannot be enabled: $reason"
    changed "$1 enabled"
  fi
  if ! systemctl is-active --quiet "$1"; then
    systemctl reset-failed "$1" >/dev/null 2>&1 # its start limit, too
    quietly systemctl start "$1" || fail "$1 does not start: $reason; see journalctl -u $1"
    ! systemctl is-active --quiet "$1" || changed "$1 started"
  fi
}

# --- kernel

# setting NAME VALUE
setting() {
  file=/proc/sys/$(printf %s "$1" | tr . /)
  [ "$(cat "$file" 2>/dev/null)" != "$2" ] || return 0
  # in a container, the kernel is the machine's below
  if contained && [ ! -w "$file" ]; then return 0; fi
  quietly sysctl -q -w "$1=$2" || fail "$1 cannot be set: $reason"
  changed "$1 = $2"
}
"""
"""What all changes need, packages, services, settings of the kernel."""

CHANGE_SWAP: Final = r"""
# --- swap

swap_active() { swapon --noheadings --bytes --show=NAME,SIZE | grep -q "^$SWAP_FILE "; }

swap() {
  if [ "$(stat -c %s "$SWAP_FILE" 2>/dev/null)" != "$SWAP" ]; then
    ! enough_swap || return 0
    if swap_active; then quietly swapoff "$SWAP_FILE" || fail "swapoff $SWAP_FILE: $reason"; fi
    mkdir -p "$STATE"
    rm -f "$SWAP_FILE" "$SWAP_FILE.next"
    room "$STATE" $((SWAP / 1048576 + 512)) 'swap'
    quietly make_swap || fail "no swap file: $reason"
    changed "$SWAP_FILE"
  fi
  put "$SWAP_UNIT" 644 root "$SWAP_UNIT_TEXT" systemd
  ! due systemd || { systemctl daemon-reload && over systemd; }
  systemctl is-enabled --quiet "${SWAP_UNIT##*/}" || {
    quietly systemctl enable "${SWAP_UNIT##*/}" || fail "swap cannot be enabled: $reason"
    changed 'swap enabled'
  }
  swap_active || {
    quietly swapon "$SWAP_FILE" || fail "$SWAP_FILE cannot be used: $reason"
    changed 'swap on'
  }
}

make_swap() {
  { fallocate -l "$SWAP" "$SWAP_FILE.next" ||
    dd if=/dev/zero of="$SWAP_FILE.next" bs=1M count=$((SWAP / 1048576)); } &&
    chmod 600 "$SWAP_FILE.next" && mkswap "$SWAP_FILE.next" && mv "$SWAP_FILE.next" "$SWAP_FILE"
}
"""
"""A swap file of our own."""

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

CHANGE_LOGIN: Final = r"""
# --- who logs in

login() {
  if ! id -u "$LOGIN" >/dev/null 2>&1; then
    quietly useradd --create-home --shell /bin/bash --password '*' "$LOGIN" ||
      fail "user $LOGIN cannot be made: $reason"
    changed "user $LOGIN"
  fi
  [ "$LOGIN" = root ] || {
    id -nG "$LOGIN" | tr ' ' '\n' | grep -qx docker || {
      quietly usermod -aG docker "$LOGIN" || fail "$LOGIN cannot join group docker: $reason"
      changed "$LOGIN in group docker"
    }
    printf %s "$SUDOERS_TEXT" >"$tmp/sudoers"
    quietly visudo -c -f "$tmp/sudoers" || fail "sudo refuses the rule for $LOGIN: $reason"
    put "$SUDOERS" 440 root "$SUDOERS_TEXT"
  }
  [ -n "$KEYS" ] || return 0
  folder=$(home_of "$LOGIN")/.ssh
  if [ ! -d "$folder" ]; then
    quietly install -d -m 700 -o "$LOGIN" -g "$(id -gn "$LOGIN")" "$folder" ||
      fail "$folder cannot be made: $reason"
    changed "$folder"
  fi
  put "$folder/authorized_keys" 600 "$LOGIN" "$KEYS"
}
"""
"""The user, its groups, its keys."""

APPLY_SSHD: Final = r"""
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
"""
"""sshd takes its files, or gets the old ones back."""

CHANGE_SSHD: Final = r"""
# --- sshd

identity() { grep -E '^(Port|PermitRootLogin) ' "$1" 2>/dev/null; }

secure_sshd() {
  config=/etc/ssh/sshd_config
  # what is broken already would be blamed on us, and would not survive its next restart
  mkdir -p /run/sshd
  quietly sshd -t || fail "sshd's configuration is broken, correct it first: $reason"
  may_log_in || fail "nobody could log in any more, so sshd is left alone: $reason"
  for each in "$config" "$SSHD" "$FIRST_LOGIN"; do keep "$each"; done
  grep -qiE '^[[:space:]]*Include[[:space:]].*/etc/ssh/sshd_config\.d/\*\.conf' "$config" ||
    put "$config" 644 root "Include /etc/ssh/sshd_config.d/*.conf
$(cat "$config")
" sshd
  # the first login stays open only where the new one is not proven yet
  printf %s "$SSHD_TEXT" >"$tmp/sshd.conf"
  if [ -n "$FIRST_LOGIN_TEXT" ] && [ "$(identity "$SSHD")" != "$(identity "$tmp/sshd.conf")" ]; then
    put "$FIRST_LOGIN" 600 root "$FIRST_LOGIN_TEXT" sshd
  fi
  put "$SSHD" 600 root "$SSHD_TEXT" sshd
  if due sshd || ! listens "$PORT"; then
    apply_sshd || sshd_back "$config" "$SSHD" "$FIRST_LOGIN"
    over sshd
  fi
}
"""
"""sshd, once the login has been seen to work."""

CLOSE: Final = r"""
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
"""
"""The end of the first login."""

CHANGE_BANS: Final = r"""
# --- fail2ban

# never_banned: its file, with the address that the first bootstrap came from
never_banned() {
  by=$STATE/operators
  if [ ! -e "$by" ]; then
    mkdir -p "$STATE"
    came_from
    printf '%s\n' "$connection" | cut -d ' ' -f 1 | grep -xE '[0-9A-Fa-f:.]+' >"$tmp/by"
    if [ -s "$tmp/by" ]; then mv "$tmp/by" "$by"; fi
  fi
  operators=''
  [ ! -e "$by" ] || operators=$(tr '\n' ' ' <"$by")
  printf '%s\n' "${NEVER_TEXT%?}${operators:+ ${operators% }}"
}

jails() {
  put "$JAILS" 644 root "$JAILS_TEXT" fail2ban
  put "$NEVER" 644 root "$(never_banned)
" fail2ban
}

bans() {
  if due fail2ban || ! jail_runs >/dev/null 2>&1; then
    quietly fail2ban-client --test || fail "fail2ban refuses its configuration: $reason"
    systemctl is-enabled --quiet fail2ban || {
      quietly systemctl enable fail2ban
      changed 'fail2ban enabled'
    }
    systemctl reset-failed fail2ban >/dev/null 2>&1
    quietly systemctl restart fail2ban || fail "fail2ban does not start: $reason"
    over fail2ban
    changed 'fail2ban restarted'
  fi
  within 20 jail_runs || fail 'fail2ban does not answer; see journalctl -u fail2ban'
}
"""
"""fail2ban."""

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
