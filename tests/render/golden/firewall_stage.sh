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

PATH=$PATH:/usr/sbin:/sbin

has_systemd() { [ -d /run/systemd/system ]; }

# begin: looks around, waits for its turn; sets nothing but $tmp/rules
begin() {
  [ "$(id -u)" = 0 ] || quit 'it takes root; log in as root, or use sudo'
  for program in nft flock unshare; do
    command -v "$program" >/dev/null ||
      quit "there is no $program; apt-get install nftables util-linux"
  done
  printf %s "$RULES" >"$tmp/rules"
  { mkdir -p "$STATE" && chmod 700 "$STATE" && exec 9>"$STATE/lock"; } ||
    quit "cannot write to $STATE"
  flock -w 60 9 || quit 'another deploy has been changing it for a minute'
}

# list: the table in force, without counts; nothing where there is none
list() { nft -s list table "$TABLE" 2>/dev/null; }

# wanted: the rules as nft lists them: loaded where nobody is
wanted() {
  # shellcheck disable=SC2016 # for the other shell
  unshare --net sh -c 'nft -f "$1" && nft -s list table "$2"' wanted "$tmp/rules" "$TABLE" \
    >"$tmp/wanted" 2>"$tmp/said" || quit "cannot be looked at: $(one_line <"$tmp/said")"
}

in_force() {
  list >"$tmp/list"
  cmp -s "$tmp/list" "$tmp/wanted"
}

# same_file PATH TEXT
same_file() { [ -f "$1" ] && printf %s "$2" | cmp -s - "$1"; }

# unchanged: in force, confirmed, and there after a restart
unchanged() {
  [ ! -e "$STATE/armed" ] && each_file same_file && in_force &&
    { ! has_systemd || systemctl is-enabled --quiet "$UNIT" 2>/dev/null; }
}

# forget ID: stops a timer; it does nothing any more, armed or not
forget() {
  has_systemd || return 0
  systemctl stop "stackgraph-firewall-undo-$1.timer" >/dev/null 2>&1
}

each_file() {
  "$@" /etc/stackgraph/firewall.nft '# Made by stackgraph from the reach of vpai/prod; change it in its
# system.yaml. Loading this replaces the table whole, and touches no other.
table inet stackgraph
delete table inet stackgraph

table inet stackgraph {
  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    # a mesh'"'"'s addresses are good on its own interface only
    iifname != { "lo", "tailscale0" } ip saddr 100.64.0.0/10 goto refused
    iifname "docker0" accept
    iifname "docker_gwbridge" accept
    iifname "br-*" accept
    iifname != { "lo", "tailscale0" } ip daddr 100.64.0.0/10 fib daddr type local goto refused
  }

  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    ct state invalid drop
    icmp type { destination-unreachable, time-exceeded, parameter-problem, echo-request } accept
    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request, mld-listener-query, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept
    # leases of the host'"'"'s own addresses
    meta nfproto ipv4 udp sport 67 udp dport 68 accept
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
    # 22/tcp: SSH: it is published on every address, for the mesh only
    iifname "tailscale0" ip saddr { 100.64.0.0/10 } tcp dport 22 accept
    # 80/tcp: ingress: the certificate of grafana.example.org is proven over HTTP (HTTP-01); ingress: grafana.example.org: access is the mesh
    # here for what Docker'"'"'s proxy answers itself
    tcp dport 80 accept
    # 443/tcp: ingress: llm.example.org/v1/*: access is public and its name is not proxied; ingress: grafana.example.org: access is the mesh
    # here for what Docker'"'"'s proxy answers itself
    tcp dport 443 accept
    # 41641/udp: members of the mesh find each other directly (headscale)
    udp dport 41641 accept
    goto refused
  }

  chain forward {
    # before Docker'"'"'s own filter: what passes here, Docker still decides on
    type filter hook forward priority filter - 5; policy accept;
    # a cloud tells whoever asks there what the machine was made with: its host key, too
    ip daddr 169.254.169.254 tcp dport 80 goto refused
    ct state established,related accept
    iifname "docker0" accept
    iifname "docker_gwbridge" accept
    iifname "br-*" accept
    ct status dnat goto published
    # past the published ports, straight to a container'"'"'s address
    oifname "docker0" goto refused
    oifname "docker_gwbridge" goto refused
    oifname "br-*" goto refused
  }

  chain published {
    # published ports of containers, by the port of the host that was asked for
    # 80/tcp: ingress: the certificate of grafana.example.org is proven over HTTP (HTTP-01); ingress: grafana.example.org: access is the mesh
    meta l4proto tcp ct original proto-dst 80 accept
    # 443/tcp: ingress: llm.example.org/v1/*: access is public and its name is not proxied; ingress: grafana.example.org: access is the mesh
    meta l4proto tcp ct original proto-dst 443 accept
    goto refused
  }

  chain refused {
    limit rate 6/minute burst 5 packets log prefix "stackgraph refused: "
    counter drop
  }
}
' || return 1
  "$@" /etc/systemd/system/stackgraph-firewall.service '# Made by stackgraph. Stopping it opens nothing: the rules stay in the kernel.
[Unit]
Description=Packet filter of stackgraph
Documentation=man:nft(8)
DefaultDependencies=no
Conflicts=shutdown.target
Wants=network-pre.target
Before=network-pre.target docker.service shutdown.target
# Debian'"'"'s nftables.service begins with "flush ruleset": whenever it does, ours follows.
After=local-fs.target nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
StandardInput=null
ProtectSystem=full
ProtectHome=true
ExecStart=/usr/sbin/nft -f /etc/stackgraph/firewall.nft
ExecReload=/usr/sbin/nft -f /etc/stackgraph/firewall.nft

[Install]
WantedBy=sysinit.target
' || return 1
}
SERVICE=firewall
TABLE='inet stackgraph'
STATE=/run/stackgraph/firewall
UNIT=stackgraph-firewall.service
RULES='# Made by stackgraph from the reach of vpai/prod; change it in its
# system.yaml. Loading this replaces the table whole, and touches no other.
table inet stackgraph
delete table inet stackgraph

table inet stackgraph {
  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    # a mesh'"'"'s addresses are good on its own interface only
    iifname != { "lo", "tailscale0" } ip saddr 100.64.0.0/10 goto refused
    iifname "docker0" accept
    iifname "docker_gwbridge" accept
    iifname "br-*" accept
    iifname != { "lo", "tailscale0" } ip daddr 100.64.0.0/10 fib daddr type local goto refused
  }

  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    ct state invalid drop
    icmp type { destination-unreachable, time-exceeded, parameter-problem, echo-request } accept
    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request, mld-listener-query, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept
    # leases of the host'"'"'s own addresses
    meta nfproto ipv4 udp sport 67 udp dport 68 accept
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
    # 22/tcp: SSH: it is published on every address, for the mesh only
    iifname "tailscale0" ip saddr { 100.64.0.0/10 } tcp dport 22 accept
    # 80/tcp: ingress: the certificate of grafana.example.org is proven over HTTP (HTTP-01); ingress: grafana.example.org: access is the mesh
    # here for what Docker'"'"'s proxy answers itself
    tcp dport 80 accept
    # 443/tcp: ingress: llm.example.org/v1/*: access is public and its name is not proxied; ingress: grafana.example.org: access is the mesh
    # here for what Docker'"'"'s proxy answers itself
    tcp dport 443 accept
    # 41641/udp: members of the mesh find each other directly (headscale)
    udp dport 41641 accept
    goto refused
  }

  chain forward {
    # before Docker'"'"'s own filter: what passes here, Docker still decides on
    type filter hook forward priority filter - 5; policy accept;
    # a cloud tells whoever asks there what the machine was made with: its host key, too
    ip daddr 169.254.169.254 tcp dport 80 goto refused
    ct state established,related accept
    iifname "docker0" accept
    iifname "docker_gwbridge" accept
    iifname "br-*" accept
    ct status dnat goto published
    # past the published ports, straight to a container'"'"'s address
    oifname "docker0" goto refused
    oifname "docker_gwbridge" goto refused
    oifname "br-*" goto refused
  }

  chain published {
    # published ports of containers, by the port of the host that was asked for
    # 80/tcp: ingress: the certificate of grafana.example.org is proven over HTTP (HTTP-01); ingress: grafana.example.org: access is the mesh
    meta l4proto tcp ct original proto-dst 80 accept
    # 443/tcp: ingress: llm.example.org/v1/*: access is public and its name is not proxied; ingress: grafana.example.org: access is the mesh
    meta l4proto tcp ct original proto-dst 443 accept
    goto refused
  }

  chain refused {
    limit rate 6/minute burst 5 packets log prefix "stackgraph refused: "
    counter drop
  }
}
'
DIGEST=0ee4f69ce475077b08b37b44e85c878db4634e3a3abdbde91d463eacb64a090a
LIMIT=120
# shellcheck disable=SC2016 # for another shell
UNDO='# undo DIRECTORY TABLE ID: brings back what was in force, if ID is still armed
PATH=$PATH:/usr/sbin:/sbin
{ cd "$1" && exec 9>lock && flock 9; } || exit 1
[ "$(cat armed 2>/dev/null)" = "$3" ] || exit 0
# if even that fails, open is better than shut for ever
nft -f before || nft delete table "$2"
mv -f armed undone
logger -t stackgraph '"'"'firewall: nobody confirmed the new rules; the former ones are in force'"'"' || :
'

# others: chains that refuse what comes in, and are not ours; a table and a chain each line
others() {
  nft -s list ruleset 2>/dev/null | awk '
    $1 == "table" { table = $2 " " $3 }
    $1 == "chain" { chain = $2; hook = 0 }
    table == "inet stackgraph" { next }
    /hook input / { hook = 1; if (/policy drop/) print table, chain }
    hook { sub(/^[ \t]*(counter )?/, ""); if (/^(drop|reject)/) print table, chain }'
  for version in '' 6; do
    # asking makes the old tables, so only where there are some
    grep -qs filter "/proc/net/ip${version}_tables_names" || continue
    "ip${version}tables-legacy" -S INPUT 2>/dev/null |
      grep -Eq '^-P INPUT DROP|^-A INPUT -j (DROP|REJECT)' &&
      echo "ip$version filter INPUT (iptables-legacy)"
  done
}

refuse_others() {
  others | sort -u >"$tmp/others"
  [ -s "$tmp/others" ] || return 0
  chains=$(tr '\n' ',' <"$tmp/others")
  remedy='remove its rules (iptables -P INPUT ACCEPT; iptables -F INPUT; netfilter-persistent save)'
  if ufw status 2>/dev/null | grep -q '^Status: active'; then
    remedy='run ufw disable on the host'
  elif systemctl is-active --quiet firewalld 2>/dev/null; then
    remedy='run systemctl disable --now firewalld on the host'
  fi
  quit "another firewall refuses packets as well, in ${chains%,}, and would shut what is to be \
open; nothing was changed; see that its openings are in system.yaml, then $remedy"
}

# refuse_bridge: an interface to the world that has the name of a bridge of Docker
refuse_bridge() {
  { ip -o -4 route show default; ip -o -6 route show default; } 2>/dev/null |
    sed -n 's/.* dev \([^ ]*\).*/\1/p' >"$tmp/outside"
  while read -r outside; do
    case $outside in
    docker* | br-*)
      quit "the host's own interface $outside has a name like Docker's bridges, which are trusted; \
rename it"
      ;;
    esac
  done <"$tmp/outside"
}

# keep: what is in force becomes $STATE/before; what was staged unconfirmed does not count
keep() {
  [ ! -e "$STATE/armed" ] || return 0
  { printf 'table %s\ndelete table %s\n' "$TABLE" "$TABLE" && list; } >"$tmp/before"
  quietly nft -c -f "$tmp/before" || quit "the rules in force could not be restored: $reason"
  { cp "$tmp/before" "$STATE/before.new" && mv -f "$STATE/before.new" "$STATE/before"; } ||
    quit "cannot write to $STATE"
}

# arm: from now on, what is in force $LIMIT s later is what is in force now
arm() {
  former=$(cat "$STATE/armed" 2>/dev/null)
  id=$(date +%s)-$$
  if has_systemd; then
    quietly systemd-run --unit="stackgraph-firewall-undo-$id" --on-active="$LIMIT" --collect \
      --timer-property=AccuracySec=100ms --description='Undo unconfirmed packet filter' \
      sh "$STATE/undo" "$STATE" "$TABLE" "$id" || quit "no timer could be set to undo it: $reason"
  else
    # shellcheck disable=SC2016 # for the other shell
    setsid sh -c 'sleep "$1" && shift && exec sh "$@"' undo \
      "$LIMIT" "$STATE/undo" "$STATE" "$TABLE" "$id" </dev/null >/dev/null 2>&1 9>&- &
  fi
  rm -f "$STATE/undone" "$STATE/loaded"
  {
    printf '%s\n' "$DIGEST" >"$STATE/staged" && printf '%s\n' "$id" >"$STATE/armed.new" &&
      mv -f "$STATE/armed.new" "$STATE/armed"
  } || quit "cannot write to $STATE"
  [ -z "$former" ] || forget "$former"
}

begin
quietly nft -c -f "$tmp/rules" || quit "nft refuses the rules, nothing was changed: $reason"
refuse_others
refuse_bridge
wanted
if unchanged; then
  say unchanged
  exit 0
fi
keep
printf %s "$UNDO" >"$STATE/undo" || quit "cannot write to $STATE"
arm
if ! quietly nft -f "$tmp/rules"; then
  problem=$reason
  nft -f "$STATE/before" && rm -f "$STATE/armed" && forget "$id"
  quit "nft does not load the rules, the former ones are in force: $problem"
fi
read -r loaded rest </proc/uptime
printf '%s\n' "${loaded%.*}${loaded#*.}" >"$STATE/loaded"
say "staged; undone in $LIMIT s unless confirmed"
