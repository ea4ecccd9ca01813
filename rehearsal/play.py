"""A stack played on this machine: its program and its engine are real, its hosts are test hosts.

What differs from the stack itself, and is said: hosts that exist already are bare test hosts in
their place; clouds are stand-ins, where an instance is a test host; nothing is protected, so that
it can be taken down; secrets have values made up here, so no real one is ever used; variables have
the dev stack's value where they have one, which leads nowhere outside; images that this machine has
are copied to the hosts.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from cli.project import Project
from config.stack import NAMESPACE
from config.zone import Zone
from graph.cloudflare import PLANS
from graph.firewall import MESH_INTERFACES
from graph.model import StackGraph
from graph.names import logical
from rehearsal import clouds
from rehearsal.cloudflare import TOKEN, Cloudflare, cloudflare
from rehearsal.equipment import ACME_DIRECTORY, ISSUER_CONFIG
from rehearsal.hosts import Key
from rehearsal.images import cached_image, known_image
from rehearsal.stack import Stack
from rehearsal.stand_ins import stand_ins
from rehearsal.yard import FOLDER, TOOLS, Yard
from scripts import probe

OUR_PLATFORM: Final = f"linux/{'arm64' if platform.machine() == 'aarch64' else 'amd64'}"
NOBODYS: Final = ("example.com", "example.net", "example.org", ".invalid")
"""Registries that nobody has (RFC 2606): images from there have stand-ins in any case."""


@dataclass(slots=True)
class Play:
    """A stack in a yard; ``notes`` say what differs from the stack itself."""

    yard: Yard
    stack: Stack
    graph: StackGraph
    key: Key
    notes: list[str] = field(default_factory=list)
    edge: Cloudflare = field(default_factory=cloudflare)

    @classmethod
    def prepare(
        cls,
        folder: Path,
        project: Project,
        stack: str,
        systems: Sequence[str],
        *,
        stand_in: bool,
    ) -> Play:
        """Copy a project's stack, boot the hosts that exist before it, fetch images.

        With ``stand_in`` all images have stand-ins. Raises `config.finding.FindingsError` when
        the stack could not be deployed either.
        """
        graph = project.deployable(stack, systems)
        key = Key.make(folder / "operator")
        yard = Yard.make(folder)
        copy = Stack.make(
            _made(folder / "project"), str(probe.pulumi_path()), {}, name=stack, of=project.root
        )
        plugins = [each for each in clouds.PACKAGES if each != "tls" or _lacks("tls")]
        path = clouds.install(folder / "bin", plugins)
        copy.environment |= {
            "PATH": f"{path}{os.pathsep}{copy.environment['PATH']}",
            "HOME": str(_made(folder / "home")),
            FOLDER: str(folder),
        }
        copy.environment.pop("SSH_AUTH_SOCK", None)
        play = cls(yard, copy, graph, key)
        try:
            _made(yard.shared)
            play._take_images(stand_in=stand_in)
            play._take_issuer()
            play._take_owners(project.settings(stack, systems).directories(project.root))
            play.configure(_configuration(play, project, stack, systems))
        except BaseException:
            play.close()
            raise
        return play

    def close(self) -> None:
        """End all that was begun; the folder stays."""
        self.yard.close()

    def configure(self, values: Mapping[str, Any]) -> None:
        """Write the stack's configuration, keys without namespace."""
        self.stack.configure(values)

    def zones(self, zones: Mapping[str, Zone]) -> dict[str, dict[str, str]]:
        """Give the settings of zones at a stand-in of Cloudflare's API: the real one has others."""
        if zones and not self.edge.url:
            self.edge.serve()
            self.edge.plan = max((zone.plan for zone in zones.values()), key=list(PLANS).index)
        found = {}
        for name, zone in zones.items():
            access = {"api_token": TOKEN, "base_url": self.edge.url}
            if zone.create:
                found[name] = {**access, "account": "a" * 32}
            else:
                id_ = self.edge.add_zone(name, plan=zone.plan).id
                # a tunnel is the account's
                found[name] = {**access, "zone_id": id_, "account": "a" * 32}
        return found

    def machines(self) -> list[str]:
        """Name the machines that there are, as Docker does."""
        return self.yard.machines()

    def made(self, machine: str) -> bool:
        """Whether a cloud's stand-in made a machine: its name is the instance's id."""
        return machine.removeprefix(f"{self.yard.tag}-").startswith("instance-")

    def _take_images(self, *, stand_in: bool) -> None:
        """Save what the hosts need not pull, with the names that it has there."""
        ours = {each.id for each in self.graph.hosts.values() if each.managed_by is None}
        used = {s.image.reference for s in self.graph.services.values() if s.host in ours}
        for ingress in self.graph.ingresses.values():
            used |= {ingress.image} if ingress.image else set()
            used |= {ingress.tunnel.image} if ingress.tunnel else set()
        instead = stand_ins(self.graph)
        names: dict[str, str] = {}
        made = []
        for reference in sorted(used):
            there = known_image(reference)
            if not stand_in and there is not None:
                names[reference] = there
            elif stand_in or reference.partition("/")[0].endswith(NOBODYS):
                names[reference] = cached_image(instead[reference].kind, instead[reference].stub)
                made.append(reference)
        if made:
            self.notes.append(f"{len(made)} of {len(used)} images have stand-ins")
        if names:
            saved = ["docker", "save", "--output", str(self.yard.shared / "images.tar")]
            subprocess.run([*saved, *sorted(set(names.values()))], check=True)
        lines = "".join(f"{image} {reference}\n" for reference, image in names.items())
        (self.yard.shared / "names").write_text(lines, encoding="utf-8")

    def _take_issuer(self) -> None:
        """Give the hosts an issuer of certificates that finds all names at them."""
        pebble = shutil.which("pebble") or shutil.which("pebble", path=str(TOOLS / "bin"))
        if pebble is None:
            self.notes.append(
                "no name gets a certificate: no pebble is on PATH; run sh scripts/pebble.sh"
            )
            return
        issuer = _made(self.yard.shared / "issuer")
        shutil.copy(pebble, issuer / "pebble")
        names = sorted({route.name for route in self.graph.routes.values()})
        (issuer / "names").write_text("".join(f"127.0.0.1 {name}\n" for name in names))
        (issuer / "config.json").write_text(ISSUER_CONFIG)

    def _take_owners(self, systems: Iterable[Path]) -> None:
        """Take what the owners bring to their hosts themselves, and tools that it may use."""
        owners = _made(self.yard.shared / "owners")
        for system in systems:
            for script in sorted((system / "rehearsal").glob("*.sh")):
                shutil.copy(script, owners / f"{logical(system.name, script.stem)}.sh")
        _made(TOOLS), _made(self.yard.shared / "tools")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _lacks(package: str) -> bool:
    plugins = (probe.pulumi_home() / "plugins").glob(f"resource-{package}-v*")
    return shutil.which(f"pulumi-resource-{package}") is None and not any(plugins)


def _configuration(
    play: Play, project: Project, stack: str, systems: Sequence[str]
) -> dict[str, Any]:
    _, values = project.values(stack, systems)
    settings: dict[str, Any] = {
        key.removeprefix(f"{NAMESPACE}:"): value for key, value in values.items()
    }
    judged = project.judge(stack, systems)
    settings["acme_directory"] = ACME_DIRECTORY
    settings["systems"] = [
        str((project.root / name).resolve()) if "/" in name else name
        for name in settings["systems"]
    ]
    for loaded in judged.systems:
        own = dict(settings.get(loaded.name) or {})
        own["hosts"] = dict(_hosts(play, loaded.name, own.get("hosts") or {}))
        own["variables"] = {
            **(own.get("variables") or {}),
            **{n: item.dev for n, item in loaded.system.variables.items() if item.dev is not None},
        }
        own["secrets"] = {name: token_hex(32) for name in loaded.system.secrets}
        zones = {n: z for n, z in loaded.system.zones.items() if z.provider == "cloudflare"}
        own["zones"] = play.zones(zones)
        settings[loaded.name] = own
    return settings


def _hosts(
    play: Play, system: str, hosts: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the access to each host: what exists has a test host in its place from now on."""
    for name, configured in hosts.items():
        host = play.graph.hosts[f"host:{system}/{name}"]
        access = dict(configured)
        yield name, access
        if host.managed_by is not None:
            continue
        if host.platform != OUR_PLATFORM:
            play.notes.append(
                f"{system}/{name} is {host.platform}; its test host is {OUR_PLATFORM}, "
                "and so are its images"
            )
        for unused in ("private_key", "jump"):
            if access.pop(unused, None) is not None:
                play.notes.append(f"{system}/{name} is reached without {unused}")
        own_keys = list(access.get("authorized_keys") or ())
        access["authorized_keys"] = [*own_keys, play.key.public]
        access["identity_file"] = str(play.key.file)
        cloud = next((each for each in ("ec2", "oci") if access.get(each)), None)
        if cloud is not None and "instance" not in access[cloud]:
            access[cloud] = {**access[cloud], "protect": False}
            continue
        address, key = play.yard.adopt(
            name, host=host.logical_name, operator=play.key.public, platform=host.platform
        )
        access["host_key"] = key
        if (access.get("user", "root"), access.get("port", 22)) != ("root", 22):
            access["first"] = {"user": "root", "port": 22}
        mesh = play.graph.mesh_of(system)
        if mesh is not None and access.get("mesh_address") and host.id in mesh.members:
            interface = MESH_INTERFACES[mesh.kind]
            play.yard.join_mesh(name, mesh.cidr, str(access["mesh_address"]), interface)
        if access.get("address") and access["address"] == access.get("mesh_address"):
            continue  # it is reached by the mesh, as the stack says
        if cloud is None:
            access["address"] = address
        else:
            with play.yard.notes() as notes:
                notes[access[cloud]["instance"]] = address
