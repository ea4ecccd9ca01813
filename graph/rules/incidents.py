"""The incident catalogue: what went wrong on systems like these, in a line each.

Only the rows that a check can refuse (``PV``) or that can be made impossible (``PC``): what only
a preview or a probe after the deploy would show is not a matter of the graph. The ids are stable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

IncidentClass: TypeAlias = Literal["PV", "PC"]
"""``PV``: to be refused by a check; ``PC``: to be impossible by construction."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What went wrong, and how such a thing is to be kept from happening."""

    kind: IncidentClass
    what: str


FAMILIES: Mapping[str, str] = {
    "R": "Reverse proxy and routing",
    "N": "Docker networks and identity",
    "P": "Ports, firewall, SSH",
    "D": "Images and versions",
    "H": "Health checks and start order",
    "F": "Resources and permissions",
    "S": "Environment and secrets",
    "B": "Backup and recovery",
    "V": "DNS, TLS, mesh",
    "M": "Monitoring and alerts",
    "K": "Deployment, state, drift",
    "A": "Data and applications",
}
"""What the first letter of a row's id means."""


def _rows(kind: IncidentClass, rows: Mapping[str, str]) -> dict[str, Incident]:
    return {id_: Incident(kind, what) for id_, what in rows.items()}


_REFUSED = {
    "R05": "the proxy saw Docker's gateway in place of callers over HTTP/3 and refused members",
    "R07": "a directive whose module the proxy's image lacks kept the proxy from starting",
    "R09": "a configuration imported a snippet that did not exist, and the proxy did not start",
    "R10": "apps were put below a path that they cannot work under; redirects went in circles",
    "R11": "newer HTTP versions towards an app broke its WebSockets",
    "R12": "uploads were refused as too large, and nobody had stated how large they may be",
    "R15": "an address that Docker chose stood as a target, and changed with the next container",
    "R16": "an app that was not told of its proxy sent users in circles",
    "R17": "an app announced its own address, and nothing answered there",
    "R19": "a public database let scripts of any site call it with the user's credentials",
    "R21": "answers took longer than the CDN waits, and callers saw 524",
    "R22": "login pages could be tried without any limit",
    "N02": "a container without a declared network could not reach what it was made for",
    "N03": "a service had to call the internet from networks that lead nowhere",
    "N04": "a port was published from internal networks only, so nothing listened",
    "N06": "a weekly prune removed containers and networks of stacks that were stopped",
    "N07": "two projects of one host chose the same subnet",
    "N08": "Docker's own address pool lay over subnets that were reserved by hand",
    "N10": "two compose files defined the same service, and each replaced the other's",
    "N13": "a fixed address collided with whoever held it during a redeploy",
    "P01": "a container wanted a port that a program of its host owned already",
    "P02": "two stacks of one host both wanted 80 and 443",
    "P04": "databases and internal APIs were published on every address",
    "P05": "a port was configured, but not published, or not opened",
    "P06": "sshd was told to listen on another machine's address and locked everyone out",
    "P11": "monitors that expect refusals looked like an attack and were nearly banned",
    "P13": "one host was hardened and the others were forgotten",
    "P14": "credentials crossed the internet in plain text",
    "P15": "bans were set in a chain that packets to containers never pass",
    "D03": "a tag that moves brought another version than the one that was tried",
    "D04": "a tool without a pinned version asked for what its server did not have",
    "D05": "a major version moved its data directory, and the volume stayed behind",
    "D06": "a setting that a new major version no longer has stopped it",
    "D09": "an image was neither built nor pulled before it was needed",
    "D12": "an image took values at build time that only exist at run time",
    "H01": "a health check called a program that its image lacks",
    "H02": "services waited for the health of one that could never be healthy",
    "H04": "a probe asked for a name that the server does not answer to",
    "H05": "a probe asked a path that wants a password",
    "H06": "a probe was too heavy or too slow for its host",
    "H07": "a probe could not fail, so it showed nothing",
    "H09": "the proxy waited for two of the five services behind it",
    "H13": "a service hung because its telemetry did not answer",
    "F01": "the memory limits of a host added up to more than it has",
    "F02": "a side project without a limit could take the memory of the core",
    "F03": "containers were killed because their limits were below what they need",
    "F04": "a runtime was allowed a heap larger than its container",
    "F05": "an unlimited worker starved the services that keep a host reachable",
    "F07": "a container lost a capability that it needs",
    "F08": "a read-only container could not write where it has to",
    "F11": "a path meant one thing inside a container and another for the daemon it called",
    "F12": "logs without rotation filled the disk",
    "F14": "a browser had too little shared memory",
    "F15": "two services of an app did not share the volume that they exchange files by",
    "S02": "a variable that the image needs was not passed, and it restarted for ever",
    "S03": "a secret had no value, which only the start showed",
    "S08": "a list of paths was separated by the wrong character",
    "S10": "credentials stood in plain text in a repository",
    "S11": "a secret in a command or a probe could be read by whoever inspects the container",
    "S12": "a password that counts at the first start only was changed later, without effect",
    "S15": "a key that must never change was changed, and what it had encrypted was lost",
    "S16": "a test stack used the key of production and sent a real alert",
    "S17": "a variable stood in the file of another service than the one that reads it",
    "S18": "the server asked for a password that the dump did not send; backups were empty",
    "S19": "a page gave a token to whoever opened it",
    "B08": "a backup never left the volume that it was to save",
    "B10": "nobody was told that a backup had failed",
    "B13": "keys that may not delete were given to a tool that has to delete",
    "B15": "the client that dumped was older than the server",
    "B16": "nobody knew which data goes with a volume and which stays",
    "B17": "databases and volumes had no backup at all",
    "V03": "an address was empty, and its records were left out in silence",
    "V05": "a certificate was to be proven over HTTP for a name that the internet cannot see",
    "V06": "a certificate was to be proven over DNS, and the resolver could not",
    "V07": "port 80 was closed while certificates were still proven over it",
    "V09": "one control server, without backup, decided whether anything could be reached",
    "V11": "a route led to a machine whose address came from DHCP",
    "V12": "telephony was to pass a proxy that only speaks HTTP",
    "V16": "names led to a host that served none of them; a dev name carried production",
    "M01": "alerts were defined and nobody was told",
    "M02": "a monitor asked for the front page only, and the API was broken",
    "M03": "a monitor asked for a port that it could never reach",
    "M04": "a monitor outside of the mesh asked for what only the mesh may see",
    "M06": "an alert's expression had no value when all was well, and so it fired",
    "M08": "a reminder came ninety-six times a day",
    "M09": "a collector asked a Docker proxy for what the proxy forbids",
    "M10": "a probe called what costs money each time; its interval of 0 meant always",
    "M11": "the watcher ran on the host that it watched",
    "K04": "a deploy named an empty group of hosts and did nothing, successfully",
    "K09": "a rollback met a database that the newer version had migrated",
    "K12": "closing SSH to all but the mesh would have cut off the deploys from CI",
    "K15": "another tool owned a machine that was about to be managed twice",
    "K16": "an environment under /tmp was gone after a reboot",
    "A03": "an image lacked a locale or a directory that its configuration names",
    "A06": "two programs wrote the same rows",
    "A07": "a service wrote to another project's database",
    "A09": "two apps used the same numbered Redis database",
    "A10": "an identifier of one kind stood where another kind belongs",
}

_IMPOSSIBLE = {
    "R01": "after a redeploy the proxy was no longer on the networks of other stacks",
    "R02": "a proxied name had no site behind it, and its callers saw 525",
    "R03": "two projects wrote one proxy's configuration, each without the other's sites",
    "R04": "a guard came after what it should guard, because the proxy orders directives itself",
    "R06": "a copied list of networks lacked one, and members were refused",
    "R08": "one line of hand-written proxy configuration stopped the proxy",
    "R13": "error pages of several sites were mixed up, and a 502 looked like a 403",
    "R14": "a route named the host's port where the container's belongs",
    "R18": "a public webhook behind a guard was refused, or opened all of its API",
    "N01": "networks that one tool had made were refused by another, for their labels",
    "N09": "names on the host followed from a directory, and documents knew others",
    "N11": "a service was restarted through a compose file that does not have it",
    "N12": "clients kept the former address of a service that had been replaced",
    "N15": "a changed template stopped everything before the new images were known to exist",
    "P03": "the firewall's rules said nothing about ports that Docker publishes",
    "P07": "a host was locked down before the way into it worked",
    "P08": "the SSH port changed during a deploy, and half of the tools knew the old one",
    "P12": "each run reset the firewall, with nothing to undo a mistake",
    "D10": "code changed, and the image that ran did not",
    "H03": "localhost was an IPv6 address that the server does not listen on",
    "H08": "an app started before its database, because its order was ignored",
    "H10": "a task ran inside a container that was not there yet",
    "H11": "a job that had finished was taken for a container that is missing",
    "F06": "a volume belonged to another user than the one that writes to it",
    "F09": "a file was readable for whoever deployed, and not for the container",
    "S01": "a changed variable did not reach a container that was only restarted",
    "S05": "one of two services that need the same flag did not get it",
    "S06": "a wrong variable name left an app without its database's password",
    "S07": "a character of a password broke the URL, the YAML or the env file around it",
    "S09": "secrets were printed in a diff",
    "S13": "a key was rotated, and its service went on with the former one",
    "S14": "a secret had two owners, and they disagreed",
    "B02": "one step that failed ended a backup before the others ran",
    "B03": "a list of databases kept by hand lacked the newer ones",
    "B05": "a backup's directory could not be cleaned up, and the disk filled",
    "B06": "a cleanup could have removed what another job had saved",
    "B07": "a script read several addresses of a container as one",
    "B09": "a script assigned a variable that the shell does not let go",
    "B11": "a restore had never been tried, and its instructions named what was not there",
    "B12": "a restore command read no input, and succeeded",
    "B14": "backups were set up by hand on one host, and went with it",
    "B18": "a bucket had to be made by hand before an app could start",
    "V01": "members of the mesh resolved public addresses and were refused",
    "V02": "new names were forgotten in the mesh's DNS",
    "V10": "one variable held a public, a mesh and a listening address at once",
    "V13": "a smoke test asked for names that nobody serves",
    "V14": "the same program had another unit and other paths on each host",
    "M12": "an expression in a quoted text could not be parsed",
    "K03": "a deploy reported success, and nothing had started",
    "K05": "a service was switched off, and its names, alerts and data stayed",
    "K08": "a second run changed things again and hid what had really changed",
    "K10": "the documented way back was a command that does not exist",
    "K11": "one of two compose files was forgotten, and production ran a local image",
    "K13": "a deploy copied directories that it had no use for",
    "A01": "databases and users that were added later were never made",
    "A02": "an app ran without the tables that its first step should have made",
    "A04": "a configuration file had line ends or bytes that its reader could not take",
}


def _place(id_: str) -> tuple[int, int]:
    return list(FAMILIES).index(id_[0]), int(id_[1:])


INCIDENTS: Mapping[str, Incident] = dict(
    sorted(
        {**_rows("PV", _REFUSED), **_rows("PC", _IMPOSSIBLE)}.items(),
        key=lambda item: _place(item[0]),
    )
)
"""Every row by id, in the catalogue's order."""
