"""What a stack says of a system, held against what its file declares: hosts, zones, all names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from config.cloud import Ec2Settings, OciSettings
from config.finding import Finding
from config.host import Host
from config.load.on_stack import OnStack
from config.stack import NAMESPACE
from config.system import System
from config.zone import Zone


def check_settings(system: System, on: OnStack) -> Iterator[Finding]:
    """Tell what the stack lacks, what contradicts the file, and what is declared nowhere."""
    if on.stack.target == "prod":
        for name, raw in on.declared("hosts").items():
            yield from _check_host(name, raw, on)
            yield from _check_cloud(name, raw, system.hosts.get(name), on)
        for name, zone in system.zones.items():
            yield from _check_zone(name, zone, on)
    stack = on.stack.name
    for section in ("variables", "secrets", "hosts", "zones"):
        for name in getattr(on.settings, section):
            if name not in on.declared(section):
                fact = f"stack {stack} configures {section}.{name}, declared nowhere"
                path = f"{on.name}.{section}.{name}"
                remedy = (
                    f"declare it under {section}, or run pulumi config rm "
                    f"--stack {stack} --path '{NAMESPACE}:{path}'"
                )
                yield on.document.problem("stack-key", (section,), fact, remedy)


def _check_host(name: str, raw: object, on: OnStack) -> Iterator[Finding]:
    """Tell what is missing to reach a host."""
    ours = not (isinstance(raw, dict) and raw.get("managed_by"))
    settings = on.settings.hosts.get(name)
    given = settings.model_fields_set if settings else frozenset()
    cloud = settings.cloud if settings else None
    # The cloud tells the address, and what is made there gets its host key from us.
    needed = {"address": cloud is None, "host_key": ours and not (cloud and cloud.creates)}
    missing = [key for key, is_needed in needed.items() if is_needed and key not in given]
    if missing:
        what = " and ".join(key.replace("_", " ") for key in missing)
        fact = f"host {name} has no {what} on stack {on.stack.name}"
        commands = [on.set_command("hosts", f"{name}.{key}") for key in missing]
        remedy = f"run {' and '.join(commands)}"
        kind = raw.get("kind") if isinstance(raw, dict) else None
        if "address" in missing and kind in ("ec2", "oci"):
            remedy += f"; or configure hosts.{name}.{kind}, and it is made there"
        yield on.document.problem("stack-value", ("hosts", name), fact, remedy)


def _check_cloud(name: str, raw: object, host: Host | None, on: OnStack) -> Iterator[Finding]:
    """Tell where a host and its settings at a cloud contradict each other."""
    settings = on.settings.hosts.get(name)
    if settings is None or settings.cloud is None or not isinstance(raw, dict):
        return
    cloud, stack = settings.cloud, on.stack.name
    kind = "ec2" if settings.ec2 else "oci"

    def problem(fact: str, remedy: str) -> Finding:
        return on.document.problem("stack-key", ("hosts", name), fact, remedy)

    def unset(key: str) -> str:
        return f"run {on.set_command('hosts', f'{name}.{key}', verb='rm')}"

    for key in ("ec2", "oci"):
        if getattr(settings, key) and raw.get("kind") != key:
            fact = f"host {name} is of kind {raw.get('kind')}, and stack {stack} has {key} of it"
            yield problem(fact, f"{unset(key)}, or write kind: {key}")
    if settings.address:
        fact = f"host {name} has an address on stack {stack}, and {kind} gives it one, too"
        yield problem(fact, unset("address"))
    if cloud.creates and raw.get("managed_by"):
        fact = f"host {name} is managed by others, and stack {stack} has it made at {kind}"
        command = on.set_command("hosts", f"{name}.{kind}.instance")
        yield problem(fact, f"{unset(kind)}, and {command} to read theirs")
    elif cloud.creates and settings.host_key is not None:
        fact = f"host {name} has a host key on stack {stack}, and it gets one when it is made"
        yield problem(fact, unset("host_key"))
    for key, fact, fitting in _misfits(cloud, host) if raw.get("kind") == kind else ():
        command = on.set_command("hosts", f"{name}.{kind}.{key}")
        yield problem(f"host {name} {fact}", f"run {command} {fitting}, or change the host")


def _misfits(cloud: Ec2Settings | OciSettings, host: Host | None) -> Iterator[tuple[str, str, str]]:
    if host is None:
        return
    if isinstance(cloud, Ec2Settings):
        yield from cloud.misfits(host.platform)
    else:
        yield from cloud.misfits(host.platform, host.cpus, host.memory)


def _check_zone(name: str, zone: Zone, on: OnStack) -> Iterator[Finding]:
    """Tell where a zone has no id or account, or settings that nothing needs."""
    settings, stack = on.settings.zones.get(name), on.stack.name

    def problem(rule: str, fact: str, remedy: str) -> Finding:
        return on.document.problem(rule, ("zones", name), fact, remedy)

    def command(key: str, verb: Literal["set", "rm"] = "set") -> str:
        return on.set_command("zones", f'["{name}"]{key}', verb=verb)

    if zone.provider == "external":
        if settings is not None:
            fact = f"zone {name} is written by others, and stack {stack} has settings of it"
            yield problem("stack-key", fact, f"run {command('', 'rm')}")
    elif zone.create and (settings is None or settings.account is None):
        fact = f"zone {name} has no account on stack {stack} to be made in"
        yield problem("stack-value", fact, f"run {command('.account')} ID")
    elif settings is None:
        fact = f"zone {name} has neither id nor account on stack {stack}"
        remedy = f"run {command('.zone_id')} ID, or {command('.account')} ID to look it up"
        yield problem("stack-value", fact, remedy)
    elif zone.create and settings.zone_id is not None:
        fact = f"zone {name} is to be made, and stack {stack} has the id of one that is there"
        yield problem("stack-key", fact, f"remove create, or run {command('.zone_id', 'rm')}")
