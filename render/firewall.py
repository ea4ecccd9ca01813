"""The packet filter of a host, made from its openings: rules, the unit that loads them, scripts.

See docs/adr/0010-firewall.md. One table, ``inet stackgraph``, is ours; Docker's and everybody
else's are never written. New rules are staged, with a timer on the host that undoes them, and stay
only when they are confirmed over a connection that was opened under them.

Needs nftables 0.9.8 or newer, ``flock`` and ``unshare`` of util-linux, and root.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Final

from graph.firewall import MESH_INTERFACES, Opening, lies_in, meshes_of, openings
from graph.model import Host, Mesh, StackGraph
from render.shell import BASE, assign, each

TABLE: Final = "inet stackgraph"
RULES_FILE: Final = "/etc/stackgraph/firewall.nft"
UNIT: Final = "stackgraph-firewall.service"
UNIT_FILE: Final = f"/etc/systemd/system/{UNIT}"
STATE_DIRECTORY: Final = "/run/stackgraph/firewall"
"""What is staged; empty after a restart of the host, which loads what was confirmed last."""

BRIDGES: Final = ("docker0", "docker_gwbridge", "br-*")
"""Docker's bridges: what comes from there is a container of this host."""

_FAMILIES: Final = ((4, "ip"), (6, "ip6"))


# --- the rules -----------------------------------------------------------------------------------


def ruleset(graph: StackGraph, host: Host) -> str:
    """Give the rules as a file for ``nft -f``, which replaces the table in one step or not at all.

    Raises ``ValueError`` for a host that is not written: one that others manage, or one without
    an address to log in at, whose SSH would be shut.
    """
    if host.managed_by is not None:
        msg = f"{host.logical_name}: {host.managed_by} manages the host; nothing is written there"
        raise ValueError(msg)
    if host.access is None:
        msg = f"{host.logical_name}: nothing tells how to log in, so its firewall would lock it"
        raise ValueError(msg)
    found = openings(graph, host)
    meshes = meshes_of(graph, host)
    edge = graph.edge_networks
    proxied = any(_from_edge(opening, edge) for opening in found)
    sets = tuple(_cloudflare_sets(edge)) if proxied else ()
    chains = [
        *(_chain("prerouting", _prerouting(meshes)) for _ in meshes[:1]),
        _chain("input", _input(found, meshes, edge)),
        _chain("forward", _forward()),
        _chain("published", _published(found, meshes, edge)),
        _chain("refused", _REFUSED),
    ]
    return (
        f"# Made by stackgraph from the reach of {host.system}/{host.key}; change it in its\n"
        "# system.yaml. Loading this replaces the table whole, and touches no other.\n"
        f"table {TABLE}\ndelete table {TABLE}\n\n"
        f"table {TABLE} {{\n" + "\n".join((*sets, *chains)) + "}\n"
    )


def _chain(name: str, lines: Iterable[str]) -> str:
    return f"  chain {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def _cloudflare_sets(edge: frozenset[str]) -> Iterator[str]:
    for version, _ in _FAMILIES:
        rows = "".join(f"      {each},\n" for each in _of_family(edge, version))
        yield (
            f"  set cloudflare{version} {{\n    type ipv{version}_addr; flags interval;\n"
            f"    elements = {{\n{rows}    }}\n  }}\n"
        )


def _prerouting(meshes: Iterable[Mesh]) -> Iterator[str]:
    yield "type filter hook prerouting priority raw; policy accept;"
    yield "# a mesh's addresses are good on its own interface only"
    for mesh in meshes:
        yield f"{_beside(mesh)} {_family(mesh.cidr)} saddr {mesh.cidr} goto refused"
    for bridge in BRIDGES:
        yield f'iifname "{bridge}" accept'
    for mesh in meshes:
        to = f"{_family(mesh.cidr)} daddr {mesh.cidr} fib daddr type local"
        yield f"{_beside(mesh)} {to} goto refused"


def _beside(mesh: Mesh) -> str:
    return f'iifname != {{ "lo", "{MESH_INTERFACES[mesh.kind]}" }}'


_ICMPV6 = (
    *("destination-unreachable", "packet-too-big", "time-exceeded", "parameter-problem"),
    *("echo-request", "mld-listener-query"),
    *("nd-router-advert", "nd-neighbor-solicit", "nd-neighbor-advert"),
)


def _input(
    found: Iterable[Opening], meshes: tuple[Mesh, ...], edge: frozenset[str]
) -> Iterator[str]:
    yield "type filter hook input priority filter; policy drop;"
    yield 'iifname "lo" accept'
    yield "ct state established,related accept"
    yield "ct state invalid drop"
    kinds = "destination-unreachable, time-exceeded, parameter-problem, echo-request"
    yield f"icmp type {{ {kinds} }} accept"
    yield f"icmpv6 type {{ {', '.join(_ICMPV6)} }} accept"
    yield "# leases of the host's own addresses"
    yield "meta nfproto ipv4 udp sport 67 udp dport 68 accept"
    yield "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept"
    for opening in found:
        yield from _told(opening)
        if opening.container:
            yield "# here for what Docker's proxy answers itself"
        port = f"{opening.protocol} dport {_ports(opening.ports)}"
        yield from _accept(opening, port, meshes, edge)
    yield "goto refused"


METADATA = "169.254.169.254"
"""Where clouds answer questions of a machine about itself; names are resolved there on port 53."""


def _forward() -> Iterator[str]:
    yield "# before Docker's own filter: what passes here, Docker still decides on"
    yield "type filter hook forward priority filter - 5; policy accept;"
    yield "# a cloud tells whoever asks there what the machine was made with: its host key, too"
    yield f"ip daddr {METADATA} tcp dport 80 goto refused"
    yield "ct state established,related accept"
    for bridge in BRIDGES:
        yield f'iifname "{bridge}" accept'
    yield "ct status dnat goto published"
    yield "# past the published ports, straight to a container's address"
    for bridge in BRIDGES:
        yield f'oifname "{bridge}" goto refused'


def _published(
    found: Iterable[Opening], meshes: tuple[Mesh, ...], edge: frozenset[str]
) -> Iterator[str]:
    yield "# published ports of containers, by the port of the host that was asked for"
    for opening in found:
        if opening.container:
            yield from _told(opening)
            port = f"ct original proto-dst {_ports(opening.ports)}"
            yield from _accept(opening, f"meta l4proto {opening.protocol} {port}", meshes, edge)
    yield "goto refused"


_REFUSED = (
    'limit rate 6/minute burst 5 packets log prefix "stackgraph refused: "',
    "counter drop",
)


def _told(opening: Opening) -> Iterator[str]:
    yield re.sub(r"[\x00-\x1f\x7f]+", " ", f"# {opening.what}: {opening.why}")


def _accept(
    opening: Opening, port: str, meshes: Iterable[Mesh], edge: frozenset[str]
) -> Iterator[str]:
    if opening.sources is None:
        yield f"{port} accept"
        return
    rest = set(opening.sources)
    if _from_edge(opening, edge):
        rest -= edge
        for version, family in _FAMILIES:
            yield f"{family} saddr @cloudflare{version} {port} accept"
    for mesh in meshes:
        within = {source for source in rest if lies_in(source, mesh.cidr)}
        rest -= within
        for source in _from(within):
            yield f'iifname "{MESH_INTERFACES[mesh.kind]}" {source} {port} accept'
    for source in _from(rest):
        yield f"{source} {port} accept"


def _from_edge(opening: Opening, edge: frozenset[str]) -> bool:
    return opening.sources is not None and set(opening.sources) >= edge


def _from(networks: Iterable[str]) -> Iterator[str]:
    """Give a match of source addresses for each family that is there."""
    known = set(networks)
    for version, family in _FAMILIES:
        if some := _of_family(known, version):
            yield f"{family} saddr {{ {', '.join(some)} }}"


def _of_family(networks: Iterable[str], version: int) -> list[str]:
    parsed = [ipaddress.ip_network(network) for network in networks]
    of_family = [each for each in parsed if each.version == version]
    return [str(each) for each in sorted(of_family, key=lambda each: int(each.network_address))]


def _family(network: str) -> str:
    return dict(_FAMILIES)[ipaddress.ip_network(network).version]


def _ports(ports: range) -> str:
    return str(ports.start) if len(ports) == 1 else f"{ports.start}-{ports.stop - 1}"


# --- files ---------------------------------------------------------------------------------------


def firewall_files(graph: StackGraph, host: Host) -> dict[str, str]:
    """Give what a host keeps, by absolute path: the rules, and the unit that loads them at boot."""
    return {RULES_FILE: ruleset(graph, host), UNIT_FILE: _UNIT_TEXT}


_UNIT_TEXT: Final = f"""\
# Made by stackgraph. Stopping it opens nothing: the rules stay in the kernel.
[Unit]
Description=Packet filter of stackgraph
Documentation=man:nft(8)
DefaultDependencies=no
Conflicts=shutdown.target
Wants=network-pre.target
Before=network-pre.target docker.service shutdown.target
# Debian's nftables.service begins with "flush ruleset": whenever it does, ours follows.
After=local-fs.target nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
StandardInput=null
ProtectSystem=full
ProtectHome=true
ExecStart=/usr/sbin/nft -f {RULES_FILE}
ExecReload=/usr/sbin/nft -f {RULES_FILE}

[Install]
WantedBy=sysinit.target
"""


# --- scripts -------------------------------------------------------------------------------------


def stage_script(graph: StackGraph, host: Host, *, seconds: int = 120) -> str:
    """Give the script that puts the rules into force for ``seconds``, unless they are confirmed.

    It arms what undoes them before it loads them, and persists nothing. Rules that are in force
    and confirmed are left alone. It refuses, before anything is changed, where rules that nobody
    has described (ufw, firewalld, a provider's) refuse packets to the host as well.
    """
    if seconds < 1:
        msg = f"{seconds} seconds leave no time to confirm; allow one or more"
        raise ValueError(msg)
    undo = "# shellcheck disable=SC2016 # for another shell\n" + assign({"UNDO": _UNDO})
    return _script(graph, host, {"LIMIT": seconds}, undo + _STAGE)


def confirm_script(graph: StackGraph, host: Host) -> str:
    """Give the script that makes staged rules stay: now, and after a restart.

    That it arrives is the proof that the host can still be reached, so it has to come over a
    connection that was opened after the rules were loaded (not a multiplexed older one, which it
    refuses), and over the way that is to work from now on: where SSH moves into the mesh, over the
    mesh. It fails where they have been undone already, or are not what is in force.
    """
    return _script(graph, host, {"RULES_FILE": RULES_FILE}, _CONFIRM)


def _script(graph: StackGraph, host: Host, settings: dict[str, object], script: str) -> str:
    files = firewall_files(graph, host)
    fixed = {
        "SERVICE": "firewall",
        "TABLE": TABLE,
        "STATE": STATE_DIRECTORY,
        "UNIT": UNIT,
        "RULES": files[RULES_FILE],
        "DIGEST": hashlib.sha256(files[RULES_FILE].encode()).hexdigest(),
    }
    rows = each("each_file", sorted(files.items()))
    return BASE + _COMMON + rows + assign(fixed | settings) + script


_COMMON: Final = r"""
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

"""

_UNDO: Final = r"""# undo DIRECTORY TABLE ID: brings back what was in force, if ID is still armed
PATH=$PATH:/usr/sbin:/sbin
{ cd "$1" && exec 9>lock && flock 9; } || exit 1
[ "$(cat armed 2>/dev/null)" = "$3" ] || exit 0
# if even that fails, open is better than shut for ever
nft -f before || nft delete table "$2"
mv -f armed undone
logger -t stackgraph 'firewall: nobody confirmed the new rules; the former ones are in force' || :
"""

_STAGE: Final = r"""
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
"""

_CONFIRM: Final = r"""
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
"""
