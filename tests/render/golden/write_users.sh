set -u
umask 022
LC_ALL=C
export LC_ALL
trap '' PIPE # who started this may be gone: finish what was begun all the same
tmp=$(mktemp -d) || exit 1
lock=''
trap 'rm -rf "$tmp" ${lock:+"$lock"}' EXIT
trap 'exit 1' INT TERM HUP

say() { printf '%s: %s\n' "$SERVICE" "$1"; }
complain() { printf '%s: %s\n' "$SERVICE" "$1" >&2; }

# quit MESSAGE: for what is wrong before anything was touched
quit() {
  complain "$1"
  exit 1
}

# tidy: text without control characters, each line cut at 300
tidy() {
  tr '\t' ' ' | tr -d '\000-\011\013-\037\177' | cut -c 1-300 |
    while IFS= read -r line || [ -n "$line" ]; do
      # cut counts bytes: no half a character at the end
      if [ "${#line}" -ge 300 ]; then
        while case $line in *[!\ -~]) true ;; *) false ;; esac; do line=${line%?}; done
      fi
      printf '%s\n' "$line"
    done
}

# one_line: what a command said, without the phrases that say nothing
one_line() {
  tidy | while IFS= read -r line; do
    case $line in
    '' | 'Error: failed to start containers:'* | '{'*) continue ;;
    'Error response from daemon: '*) line=${line#Error response from daemon: } ;;
    'Error: '*) line=${line#Error: } ;;
    esac
    printf '%s\n' "$line"
  done | tr '\n' ' ' | tr -s ' ' | { IFS= read -r line || :; printf '%s' "${line% }"; }
}

# quietly COMMAND...: sets reason to what it said when it fails
quietly() {
  "$@" >"$tmp/said" 2>&1 && return 0
  reason=$(one_line <"$tmp/said")
  return 1
}

# labelled LABEL [--all]: ids of the running containers, or of all
labelled() { docker ps ${2+"$2"} --quiet --no-trunc --filter "label=$1"; }

runs() { [ "$(docker inspect --format '{{.State.Status}}' "$1" 2>/dev/null)" = running ]; }

# owned DIRECTORY NAME: a tar of it that is all root's, whoever deploys: copied as it is, a file of
# somebody else could not be read by who has no capabilities. GNU's tar, then BSD's; busybox's
# cannot, and is for root.
owned() {
  tar -C "$1" --owner=0 --group=0 -cf - "$2" 2>/dev/null ||
    tar -C "$1" --uid 0 --gid 0 -cf - "$2" 2>/dev/null ||
    tar -C "$1" -cf - "$2"
}

same() { [ "$(cat "$1")" = "$(cat "$2")" ]; }

# fetch CONTAINER PATH: /etc/caddy/PATH becomes $tmp/fetched
fetch() {
  rm -f "$tmp/fetched"
  docker cp "$1:/etc/caddy/$2" "$tmp/fetched" >/dev/null 2>&1
}

# send CONTAINER: $tmp/tree becomes part of /etc/caddy
send() { owned "$tmp/tree" . | docker cp - "$1:/etc/caddy"; }

# put CONTAINER PATH FILE: FILE with its mode becomes /etc/caddy/PATH, by a rename where that runs
put() {
  at=$2
  if runs "$1"; then at=$2.next; fi
  rm -rf "$tmp/tree"
  mkdir -p "$tmp/tree/$at" && rmdir "$tmp/tree/$at" && cp -p "$3" "$tmp/tree/$at" || return 1
  quietly send "$1" || return 1
  [ "$at" = "$2" ] || quietly docker exec "$1" mv -f "/etc/caddy/$at" "/etc/caddy/$2"
}

# alone CONTAINER: waits for its turn, since of two reloads at once the one that has read older
# files may come last. Its directory names its owner, who may have been killed.
alone() {
  [ -z "$lock" ] || return 0
  mine=${TMPDIR:-/tmp}/stackgraph-$(printf '%s' "$1" | cut -c 1-12).lock
  tries=0
  until mkdir "$mine" 2>/dev/null; do
    owner=$(cat "$mine/owner" 2>/dev/null)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -rf "$mine"
    elif [ "$tries" -gt 300 ]; then
      reason="another deploy has been changing Caddy for a minute; if none does, remove $mine"
      return 1
    fi
    tries=$((tries + 1))
    sleep 0.2
  done
  lock=$mine
  printf '%s\n' "$$" >"$lock/owner"
}

# reload CONTAINER PATH [OPTION...]: a running Caddy takes /etc/caddy/PATH, if it is valid
reload() {
  caddy=$1 path=/etc/caddy/$2
  shift 2
  alone "$caddy" || return 1
  quietly docker exec "$caddy" caddy validate --config "$path" --adapter caddyfile &&
    quietly docker exec "$caddy" caddy reload --config "$path" --adapter caddyfile "$@"
  set -- "$?"
  rm -rf "$lock"
  lock=''
  return "$1"
}

write_file() {
  (umask 077 && cat >"$tmp/new")
  [ -s "$tmp/new" ] || quit "$NOTHING"
  did='nothing to do'
  if fetch "$NEW" "$FILE"; then mv "$tmp/fetched" "$tmp/former"; fi
  if ! [ -e "$tmp/former" ] || ! same "$tmp/former" "$tmp/new"; then
    put "$NEW" "$FILE" "$tmp/new" || quit "cannot be written: $reason"
    did=written
  fi
  # in any case: a Caddy that knows it does nothing, and one that was not told must be
  if runs "$NEW" && fetch "$NEW" Caddyfile; then
    take Caddyfile || unwrite
  fi
  say "$did"
}

# unwrite: what Caddy does not take is not there either when it starts again
unwrite() {
  why=$reason
  if [ "$did" = written ] && [ -e "$tmp/former" ]; then
    put "$NEW" "$FILE" "$tmp/former" || complain "the former file could not be put back: $reason"
    did='the former one stays'
  fi
  quit "$did: Caddy does not take it: $why"
}

take() { reload "$NEW" "$1"; }
SERVICE='users of dyniq-docs'
FILE=users/dyniq-docs
NOTHING='no users came in, and without any nobody could pass'
write_file
