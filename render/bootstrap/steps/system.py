"""The system below Docker: time, settings of the kernel, swap, security updates."""

from __future__ import annotations

from typing import Final

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

CHANGE_SETTINGS: Final = r"""
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
"""Settings of the kernel."""

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
