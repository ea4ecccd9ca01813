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
RULES_FILE=/etc/stackgraph/firewall.nft

# opened: sets since to when this SSH connection was opened, in 1/100 s since the boot; to nothing
# where no SSH server is among our ancestors
opened() {
  pid=$$ since='' topmost=''
  while [ "$pid" -gt 1 ] && read -r program <"/proc/$pid/comm" && read -r facts <"/proc/$pid/stat"
  do
    # shellcheck disable=SC2086 # words
    set -- ${facts##*) }
    pid=$2
    # the server that listens for all is the topmost one; below it, each connection has its own
    case $program in sshd*) since=${topmost:-${20}} topmost=${20} ;; esac
  done
}

# put_file PATH TEXT
put_file() {
  same_file "$1" "$2" && return 0
  quietly mkdir -p "${1%/*}" && { printf %s "$2" >"$1.new" && chmod 644 "$1.new"; } 2>"$tmp/said" &&
    quietly mv -f "$1.new" "$1"
}

undone_if_not() { quit "$1; the former rules come back by themselves"; }

persist() {
  reason=''
  each_file put_file || undone_if_not "cannot be kept: $(one_line <"$tmp/said")"
  if ! has_systemd; then
    complain "this host has no systemd: nothing loads $RULES_FILE when it starts"
    return 0
  fi
  {
    quietly systemctl daemon-reload && quietly systemctl enable "$UNIT" &&
      quietly systemctl restart "$UNIT"
  } || undone_if_not "$UNIT cannot be set up: $reason"
}

begin
wanted
if [ ! -e "$STATE/armed" ]; then
  if [ -e "$STATE/undone" ] && [ "$(cat "$STATE/staged")" = "$DIGEST" ]; then
    quit 'nobody confirmed the rules in time, so the former ones are in force; stage them anew'
  fi
  unchanged || quit 'nothing is staged: restarted since, or undone; stage it first'
  say unchanged
  exit 0
fi
{ [ -e "$STATE/loaded" ] && [ "$(cat "$STATE/staged")" = "$DIGEST" ]; } ||
  quit 'other rules are staged than those to confirm; stage these first'
opened
if [ -n "$since" ] && [ "$since" -lt "$(cat "$STATE/loaded")" ]; then
  undone_if_not 'this SSH connection is older than the rules, so it proves nothing; confirm over a \
new one (ControlPath=none)'
fi
in_force || undone_if_not 'the rules in force are not those that were staged'
persist
in_force || undone_if_not "what $UNIT loads is not what was staged"
id=$(cat "$STATE/armed")
rm -f "$STATE/armed" || undone_if_not "cannot write to $STATE"
forget "$id"
rm -f "$STATE/before" "$STATE/loaded"
say confirmed
