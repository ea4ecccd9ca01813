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

began=$(date +%s)

facts='{{.Name}} {{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}'
facts=$facts' {{with .State.Health}}{{.Status}}{{else}}none{{end}}'
facts=$facts' {{.State.StartedAt}} {{.State.OOMKilled}}'

# state CONTAINER: sets name, status, code, restarts, health, started, oom
state() {
  found=$(docker inspect --type container --format "$facts" "$1" 2>&1) || {
    reason=$(printf '%s\n' "$found" | one_line)
    return 1
  }
  read -r name status code restarts health started oom <<STATE
$found
STATE
  name=${name#/}
}

last_check() {
  docker inspect --format \
    '{{$s := ""}}{{with .State.Health}}{{range .Log}}{{$s = .Output}}{{end}}{{end}}{{$s}}' \
    "$1" 2>&1 | one_line
}

# watch CONTAINER GATE RESTARTS: waits; sets passed (how, in words) or reason (why not)
watch() {
  since=$(date +%s)
  while :; do
    seconds=$(($(date +%s) - since))
    state "$1" || { reason="cannot be watched: $reason"; return 1; }
    case $status in
    exited | dead | restarting)
      if [ "$2" = completed ] && [ "$status $code" = 'exited 0' ]; then
        passed="completed after $seconds s"
        return 0
      fi
      reason="exited with code $code after $seconds s"
      [ "$oom" = false ] || reason="ran out of memory after $seconds s"
      [ "$status" != restarting ] || reason="$reason, again and again"
      return 1
      ;;
    esac
    if [ "$restarts" -gt "$3" ]; then
      reason="crashed and was restarted by Docker within $seconds s"
      return 1
    fi
    case $2.$health in
    running.*)
      # a whole 3 s, whatever part of its second the clock began with
      if [ "$status" = running ] && [ "$seconds" -gt 3 ]; then
        passed="running for $seconds s"
        return 0
      fi
      ;;
    healthy.healthy)
      passed="healthy after $seconds s"
      return 0
      ;;
    healthy.unhealthy)
      reason=$(last_check "$1")
      reason="unhealthy${reason:+: $reason}"
      return 1
      ;;
    healthy.none)
      reason='has no health check'
      return 1
      ;;
    esac
    if [ "$seconds" -ge "$TIMEOUT" ]; then
      reason="not $2 within $TIMEOUT s"
      said=$(last_check "$1")
      reason="$reason${said:+: $said}"
      return 1
    fi
    sleep 0.3
  done
}

# except LINE: the other lines
except() { while IFS= read -r line; do [ "$line" = "$1" ] || printf '%s\n' "$line"; done; }

# is_through: whether the newcomer has passed its gate before; after state "$NEW"
is_through() {
  case $GATE.$status in
  healthy.running) [ "$health" = healthy ] ;;
  # started within this minute: it may be on its way down
  running.running) case $started in "$(date -u +%Y-%m-%dT%H:%M)"*) false ;; esac ;;
  completed.exited) [ "$code" = 0 ] ;;
  *) false ;;
  esac
}

stop_old() {
  for id in $old; do
    case " $stopped " in *" $id "*) continue ;; esac
    stopped="$stopped $id"
    quietly docker stop -t "$GRACE" "$id" || {
      reason="cannot replace the old one, which does not stop: $reason"
      return 1
    }
  done
}

# start_new: sets restarts_before, which tells a crash from one long ago
start_new() {
  restarts_before=$restarts
  [ "$status" != running ] || return 0
  restarts_before=0
  begun=yes
  before_start || return 1
  quietly docker start "$NEW" || {
    reason="could not be started: $reason"
    return 1
  }
}

show_log() {
  docker logs --tail 20 "$NEW" 2>&1 | tidy >"$tmp/log"
  if [ -s "$tmp/log" ]; then
    complain "$new_name $1; the last lines of its log:"
    while IFS= read -r line; do printf '  | %s\n' "$line"; done <"$tmp/log" >&2
  else
    complain "$new_name $1; its log is empty"
  fi
}

# bring_back: starts what was stopped; says what serves now
bring_back() {
  gate=$GATE
  [ "$gate" != completed ] || gate=running
  served=''
  for id in $old; do
    case " $stopped " in
    *" $id "*)
      # first stop: one may be on its way still, begun by a command that a signal has ended
      docker stop -t "$GRACE" "$id" >/dev/null 2>&1
      if ! quietly docker start "$id"; then
        complain "the old container $id cannot be started again: $reason"
      elif watch "$id" "$gate" 0; then
        complain "the old container $name serves again, $passed"
        served=yes
      else
        complain "the old container $name was started again, but fails, too: $reason"
      fi
      ;;
    *)
      if state "$id" && [ "$status" = running ]; then
        complain "the old container $name serves on"
        served=yes
      fi
      ;;
    esac
  done
  [ -z "$served" ] || return 0
  if [ -n "$left" ]; then
    complain "$new_name was left running, as before: there is no other one"
  elif [ "$GATE" != completed ]; then
    complain 'nothing serves now'
  fi
  former=$(docker ps --all --filter "label=$LABEL" --filter status=exited --format '{{.Names}}' |
    except "$new_name" | { IFS= read -r line && cat >/dev/null && printf '%s' "$line"; })
  [ -z "$former" ] ||
    complain "the former container is $former; docker start $former brings it back"
}

# fail: reason says why; afterwards everything is as before
fail() {
  trap '' INT TERM HUP
  show_log "$reason"
  switch_back
  left=''
  # what ran before this script, alone, is no worse for a look at it
  if [ -n "$begun$old" ]; then docker stop -t "$GRACE" "$NEW" >/dev/null 2>&1; else left=yes; fi
  bring_back
  exit 1
}

interrupted() {
  reason="had not taken over when the deploy was interrupted, after $(($(date +%s) - began)) s"
  fail
}

# hand_over: from the old ones to NEW; the hooks are
# prepare, before_start, again, switch and switch_back
hand_over() {
  begun='' stopped=''
  state "$NEW" || quit "the new container cannot be found: $reason"
  new_name=$name
  old=$(labelled "$LABEL" | except "$NEW")
  prepare
  trap interrupted INT TERM HUP
  if is_through; then
    passed="$GATE already"
    again || fail
  else
    if [ "$ORDER" = stop-first ]; then stop_old || fail; fi
    start_new || fail
    watch "$NEW" "$GATE" "$restarts_before" || fail
  fi
  switch || fail
  trap '' INT TERM HUP
  stop_old || quit "$new_name serves now, but $reason"
  gone=$(printf '%s' "$old" | wc -w)
  case $((gone)) in
  0) gone='' ;;
  1) gone=', old one stopped' ;;
  *) gone=", $((gone)) old ones stopped" ;;
  esac
  say "$ORDER, $passed$gone"
}

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

# inside COMMAND...: with the newcomer's programs and volumes, whether it runs or not
inside() {
  if runs "$NEW"; then
    docker exec "$NEW" "$@"
  else
    program=$1
    shift
    docker run --rm --network none --volumes-from "$NEW" --entrypoint "$program" "$image" "$@"
  fi
}

# keep: the checked Caddyfile becomes the one in force, the former one stays as Caddyfile.last
keep() {
  quietly inside sh -ec 'cd /etc/caddy
    if [ -e Caddyfile ]; then cp -p Caddyfile Caddyfile.last; fi
    mv -f Caddyfile.next Caddyfile'
}

former_caddyfile() {
  [ -n "$kept" ] || return 0
  quietly inside sh -ec 'cd /etc/caddy
    if [ -e Caddyfile.last ]; then mv -f Caddyfile.last Caddyfile; fi' ||
    complain "the former Caddyfile could not be put back: $reason"
}

# whose FILE: which route the line is of that Caddy complains about, if it tells any
whose() {
  at=$(printf '%s\n' "$reason" | grep -o 'Caddyfile\.next:[0-9][0-9]*' | head -n 1 | cut -d : -f 2)
  [ -n "$at" ] || return 0
  route=$(head -n "$at" "$1" | sed -n 's/^[[:space:]]*# \(route .*\)/\1/p' | tail -n 1)
  printf '%s' "line $at: $(sed -n "${at}p" "$1" | sed 's/^[[:space:]]*//')${route:+, of $route}: "
}

# refuse REASON: nothing was changed
refuse() {
  inside rm -f /etc/caddy/Caddyfile.next >/dev/null 2>&1
  quit "$1"
}

apply() {
  did='nothing to do' kept=''
  state "$NEW" || quit "the proxy cannot be found: $reason"
  cat >"$tmp/Caddyfile"
  [ -s "$tmp/Caddyfile" ] || quit 'no Caddyfile came in'
  image=$(docker inspect --format '{{.Image}}' "$NEW")
  differs=yes
  if fetch "$NEW" Caddyfile && same "$tmp/fetched" "$tmp/Caddyfile"; then differs=''; fi
  if [ -n "$differs" ]; then
    put "$NEW" Caddyfile.next "$tmp/Caddyfile" || quit "the Caddyfile cannot be written: $reason"
    quietly inside caddy validate --config /etc/caddy/Caddyfile.next --adapter caddyfile ||
      refuse "Caddy refuses the new Caddyfile, so the former one stays in force:\
 $(whose "$tmp/Caddyfile")$reason"
  fi
  if ! runs "$NEW"; then
    if [ -n "$differs" ]; then
      keep || refuse "the Caddyfile cannot be put in place: $reason"
      kept=yes
    fi
    hand_over
    return
  fi
  trap '' INT TERM HUP # what is left takes no second, and half of it would be worse
  if [ -n "$differs" ]; then
    take Caddyfile.next ||
      refuse "Caddy does not take the new Caddyfile and keeps the former one: $reason"
    keep || quit "Caddy has the new Caddyfile, but it cannot be kept: $reason"
    did=reloaded
  fi
  say "$did"
}

prepare() { :; }
before_start() { :; }
again() { :; }
switch() { :; }
switch_back() { former_caddyfile; }
take() { reload "$NEW" "$1" --address localhost:2019; }
SERVICE=dyniq-contabo
LABEL=dev.stackgraph.ingress=dyniq-contabo
ORDER=stop-first
GATE=healthy
TIMEOUT=30
GRACE=10
apply
