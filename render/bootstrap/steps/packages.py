"""Packages and services."""

from __future__ import annotations

from typing import Final

CHANGE_PACKAGES: Final = r"""
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
"""
"""Packages, and the services that they bring."""
