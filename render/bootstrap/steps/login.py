"""Who logs in: the user and its keys, sshd, the first login."""

from __future__ import annotations

from typing import Final

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
