"""POSIX shell that has a certificate for each name: by certbot, over HTTP-01, from a webroot."""

from __future__ import annotations

from typing import Final

LOOK: Final = r"""
# --- certificates

# certified NAME: a certificate for it is there that nginx can show
certified() {
  openssl x509 -noout -checkhost "$1" -in "/etc/letsencrypt/live/$1/fullchain.pem" 2>/dev/null |
    grep -q 'does match' && [ -s "/etc/letsencrypt/live/$1/privkey.pem" ]
}

# renews NAME: certbot will renew it from our webroot, at the issuer that is declared
renews() {
  file=/etc/letsencrypt/renewal/$1.conf
  grep -qx 'authenticator = webroot' "$file" 2>/dev/null && grep -qx "server = $ACME" "$file" &&
    grep -qF "$CHALLENGES" "$file" && grep -qx "renew_hook = $HOOK" "$file"
}
"""
"""What is there."""

ISSUE: Final = r"""
# certificates: for each name; sets nothing but $tmp/missing, and issued where a new one is there
certificates() {
  mkdir -p "$CHALLENGES" && chmod 755 "${CHALLENGES%/*}" "$CHALLENGES"
  issued=''
  : >"$STATE/names.next"
  each_name remember
  each_name certificate
  # what is served no more is not renewed, either: nobody would answer for it
  if [ -e "$STATE/names" ]; then
    while IFS= read -r each; do
      grep -qxF "$each" "$STATE/names.next" || retire "$each"
    done <"$STATE/names"
  fi
  mv -f "$STATE/names.next" "$STATE/names"
}

remember() { printf '%s\n' "$1" >>"$STATE/names.next"; }

# covers_others NAME: names that its certificate is for, and that are none of ours
covers_others() {
  openssl x509 -noout -ext subjectAltName -in "/etc/letsencrypt/live/$1/fullchain.pem" 2>/dev/null |
    grep -o 'DNS:[^, ]*' | cut -c 5- | grep -vxFf "$STATE/names.next" | tr '\n' ' ' | sed 's/ $//'
}

retire() {
  file=/etc/letsencrypt/renewal/$1.conf
  [ ! -e "$file" ] || { mv -f "$file" "$file.off" && changed "$1 is not renewed any more"; }
}

certificate() {
  file=/etc/letsencrypt/renewal/$1.conf
  [ -e "$file" ] || [ ! -e "$file.off" ] || mv "$file.off" "$file"
  if certified "$1" && renews "$1" &&
    openssl x509 -noout -checkend 0 -in "/etc/letsencrypt/live/$1/fullchain.pem" >/dev/null; then
    return 0
  fi
  others=$(covers_others "$1")
  [ -z "$others" ] || {
    missing "no certificate for $1: the one of that name is for $others, too, which is not served \
here; give that one another name with certbot"
    return 0
  }
  set -- "$1" certonly --non-interactive --agree-tos --server "$ACME" --cert-name "$1" -d "$1" \
    --webroot --webroot-path "$CHALLENGES" --deploy-hook "$HOOK" --key-type ecdsa --force-renewal \
    --renew-with-new-domains
  name=$1
  shift
  if [ -n "$EMAIL" ]; then set -- "$@" --email "$EMAIL"; else
    set -- "$@" --register-unsafely-without-email
  fi
  until=$(($(date +%s) + 120))
  until quietly certbot "$@"; do
    # its timer may be at it
    if grep -q 'Another instance of Certbot' "$tmp/said" && [ "$(date +%s)" -lt "$until" ]; then
      sleep 2
      continue
    fi
    missing "no certificate for $name: $(refusal)"
    return 0
  done
  issued=yes
  changed "certificate of $name"
}

# refusal: why certbot has none, in its issuer's words
refusal() {
  why=$(sed -n 's/^ *Detail: //p' "$tmp/said" | head -n 1)
  [ -n "$why" ] || why=$(sed -n '/^An unexpected error occurred/{n;p;}' "$tmp/said" | head -n 1)
  [ -n "$why" ] || why=$(grep -Ev '^$|^Ask for help|^Saving debug|logfile' "$tmp/said" | tail -n 1)
  printf '%s' "$why" | tr -d '\000-\037\177' | cut -c 1-300
}

renewal() {
  for each in certbot.timer snap.certbot.renew.timer; do
    if systemctl cat "$each" >/dev/null 2>&1; then
      running "$each"
      return 0
    fi
  done
  fail 'nothing renews certificates: there is no certbot.timer; install the package certbot'
}

# shown NAME: nginx shows the certificate that is there
shown() {
  there=$(openssl x509 -noout -fingerprint -in "/etc/letsencrypt/live/$1/fullchain.pem")
  found=$(openssl s_client -connect 127.0.0.1:443 -servername "$1" </dev/null 2>/dev/null |
    openssl x509 -noout -fingerprint 2>/dev/null)
  [ "$there" = "$found" ]
}

verify_name() {
  ! certified "$1" || shown "$1" || {
    # renewed by hand, and nobody told nginx; or nginx is still at it
    quietly systemctl reload nginx
    within 10 shown "$1" ||
      missing "$1: nginx does not show its certificate; see journalctl -u nginx"
  }
}
"""
"""First issue, what is retired, renewal."""
