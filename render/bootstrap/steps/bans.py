"""fail2ban: a look at the jail of sshd, and its files."""

from __future__ import annotations

from typing import Final

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
