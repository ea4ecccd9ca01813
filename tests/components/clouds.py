"""What the tests of both clouds share: openings, settings, recordings, the golden text of one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pulumi

from components.instance import LOOKUPS, HostKey
from graph.firewall import Opening
from preview.monitor import Answer
from preview.record import Recording, record
from preview.resource import Resource
from preview.value import UNKNOWN, masked

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICyHVv7rXtDKl26FFh ops@example.com"
GOLDEN = Path(__file__).parent / "golden"
UNANSWERED: Mapping[str, Answer] = dict.fromkeys(LOOKUPS, UNKNOWN)
CANARY = "made-for-the-first-boot"

SSH = Opening("tcp", range(22, 23), ("198.51.100.0/24", "100.64.0.0/10"), "SSH", container=False)
WEB = Opening("tcp", range(443, 444), None, "Ingress’s routes", container=True)
MEDIA = Opening("udp", range(10_000, 10_101), None, "media", container=True)
OPENINGS = (SSH, WEB, MEDIA)
TUNNELS = ("100.64.0.0/10",)


def user_data(key: HostKey) -> pulumi.Output[str]:
    """Give user data that delivers a key."""
    return key.private.apply(lambda text: f"#cloud-config\n# {CANARY}\n{text}\n")


def recorded(
    program: Callable[[], object], answers: Mapping[str, Answer] = UNANSWERED
) -> Recording:
    """Record a program with answers for what it looks up; unknown ones unless given."""

    def run() -> None:
        program()

    return record(run, project="clouds", stack="prod", answers=answers)


def managed(recording: Recording) -> list[Resource]:
    """Give the resources that a provider makes; neither components nor providers themselves."""
    return [r for r in recording.resources if r.custom and "providers" not in r.type]


def golden(name: str, recording: Recording, *, update: bool) -> None:
    """Compare types, names, parents, inputs and options with a file in golden/, or write it."""
    file = GOLDEN / name
    text = "".join(_told(recording.resources))
    if update:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), "run pytest with --update-golden if right"


def _told(resources: Iterable[Resource]) -> Iterable[str]:
    for resource in sorted(resources, key=lambda each: each.urn):
        yield f"{resource.type} {resource.name} {_name(resource.parent)}\n"
        for name, value in sorted(resource.inputs.items()):
            yield f"    {name}: {_plain(value)}\n"
        options: dict[str, Any] = {
            "after": [_name(each) for each in resource.dependencies],
            "protect": resource.protect,
            "ignores": resource.ignore_changes,
            "delete first": resource.delete_before_replace,
        }
        yield from (f"    ({key}: {_plain(value)})\n" for key, value in options.items() if value)


def _name(urn: str | None) -> str:
    return ":".join((urn or "").split("::")[2:]).rpartition("$")[2]


def _plain(value: object) -> str:
    text = json.dumps(masked(value), ensure_ascii=False)
    return text.replace(f'"{UNKNOWN.value}"', "unknown")


def rules(recording: Recording, type_: str) -> dict[str, Resource]:
    """Give the resources of one type by name."""
    return {each.name: each for each in recording.resources if each.type == type_}
