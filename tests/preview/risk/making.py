"""Changes made by hand: a summary on each side, and steps on resources, ours or somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.summary.model import INPUT, HostFacts, RouteFacts, ServiceFacts, Summary, Volume
from preview.change import SYSTEM_TYPE, Changes, changes_of
from preview.plan import Plan, PropertyDiff, State, Step
from preview.risk import assess
from preview.urn import make
from tests.preview.risk.judging import told

CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
COMMAND = "command:local:Command"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"

STACK = "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod"
SYSTEM = make("prod", "shop", STACK, SYSTEM_TYPE, "s")


def urn_of(type_: str, name: str, *, ours: bool = True) -> str:
    """Give the URN of a resource of the system ``s``, or of one beside it."""
    return make("prod", "shop", SYSTEM if ours else STACK, type_, name)


def step(
    op: str,
    type_: str,
    name: str,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    *,
    ours: bool = True,
    needs: Mapping[str, tuple[str, ...]] | None = None,
    was: Mapping[str, Any] | None = None,
    will: Mapping[str, Any] | None = None,
    reasons: tuple[str, ...] = (),
    told: tuple[str, ...] = (),
    uncertain: tuple[str, ...] = (),
) -> Step:
    """Make a step; ``was`` and ``will`` are options of the two sides."""
    urn = urn_of(type_, name, ours=ours)

    def state(inputs: Mapping[str, Any] | None, options: Mapping[str, Any] | None) -> State:
        deps = needs or {}
        return State(
            urn=urn,
            custom=True,
            type=type_,
            inputs=inputs or {},
            property_dependencies=deps,
            dependencies=tuple(each for urns in deps.values() for each in urns),
            **(options or {}),
        )

    return Step(
        op=op,
        urn=urn,
        old=None if op == "create" else state(old, was),
        new=None if op == "delete" else state(old if new is None else new, will or was),
        replace_reasons=reasons,
        diff_reasons=told,
        uncertain=uncertain,
        detailed_diff={each: PropertyDiff(kind="update") for each in told},
    )


def system(before: Summary | None, after: Summary | None) -> Step:
    """Make the step of the system ``s``: created, deleted, changed or the same."""
    old, new = ({INPUT: each.data()} if each else {} for each in (before, after))
    op = "create" if before is None else "delete" if after is None else "update"
    return step(op if before != after else "same", SYSTEM_TYPE, "s", old, new, ours=False)


def changes(*steps: Step) -> Changes:
    """Give the changes of steps."""
    return changes_of(Plan(steps=steps))


def said(*steps: Step) -> list[str]:
    """Give what is told of steps, a line each."""
    text = told(assess(changes(*steps)))
    return [] if text == "nothing\n" else text.splitlines()


def service(label: str, **facts: Any) -> ServiceFacts:
    """Give a service of the host ``one``, started first."""
    return ServiceFacts(**{"label": label, "host": "one", "order": "start-first", **facts})


def database(**facts: Any) -> ServiceFacts:
    """Give a service that keeps data, and is stopped first."""
    data = Volume(volume="s-app-data", called="app_data", path="/data")
    kept = {"order": "stop-first", "because": "it writes to data", "volumes": (data,)}
    return service(**{"label": "app/db", "image": "postgres:16.4", **kept, **facts})


WEB = service("app/web", needs=("app/db",))

ROUTES = {"shop.example.com": RouteFacts(to="app/web", ingress="s-one-ingress")}

HOST = HostFacts(label="one", kind="oci", platform="linux/arm64", ingress="s-one-ingress")

INSTANCE = "oci:Core/instance:Instance"


def summary(*services: ServiceFacts, **facts: Any) -> Summary:
    """Give a summary of services; their resources are named ``s-app-KEY``."""
    return Summary(
        services={f"s-{each.label.replace('/', '-')}": each for each in services}, **facts
    )


def replaced(name: str, **options: Any) -> Step:
    """Give the replacement of a container, for its image."""
    return step(
        "replace", CONTAINER, name, {"image": "a"}, {"image": "b"}, reasons=("image",), **options
    )


def both(before: Summary, after: Summary, *steps: Step) -> list[str]:
    """Give what is told of a system's change."""
    return said(system(before, after), *steps)
