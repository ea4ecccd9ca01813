"""Plans for tests of the page: recorded ones, and one whose every text is what a test wants."""

from __future__ import annotations

from typing import Any

from preview.change import changes_of
from preview.document import from_json
from preview.plan import Plan
from preview.risk import Assessment, Family, Risk
from tests.changes.recorded import recorded

SYSTEM = "shop"
_PREFIX = "urn:pulumi:dev::stackgraph::"
_INSIDE = f"{_PREFIX}stackgraph:index:System$stackgraph:docker:App$stackgraph:docker:Service"
CONTAINER = f"{_INSIDE}$docker:index/container:Container::{SYSTEM}-web-front"


def real(name: str) -> Plan:
    """Give the preview that the real engine made of a change (tests/changes)."""
    return from_json(recorded(name))


def graph(image: str, *, app: str = "web", place: str = "internet", guard: str = "") -> Any:
    """Give a summary of a system with a host, a route, a service and a volume."""
    return {
        "version": 1,
        "hosts": {
            f"{SYSTEM}-vps": {
                "label": "vps",
                "kind": "vps",
                "platform": "linux/amd64",
                "ingress": f"{SYSTEM}-vps-ingress",
            }
        },
        "services": {
            f"{SYSTEM}-web-front": {
                "label": f"{app}/front",
                "host": "vps",
                "order": "stop-first",
                "because": "it writes to data",
                "image": image,
                "volumes": [{"volume": f"{SYSTEM}-web-data", "path": "/data"}],
                "networks": [f"{SYSTEM}-web-default"],
            }
        },
        "routes": {"shop.example.com": {"to": f"{app}/front", "ingress": f"{SYSTEM}-vps-ingress"}},
        "reach": {"shop.example.com": [place]},
        "guards": {"shop.example.com": [guard]} if guard else {},
    }


def state(urn: str, inputs: Any) -> Any:
    """Give a resource's state, as a document has it."""
    type_ = urn.split("::")[2].rpartition("$")[2]
    return {"urn": urn, "type": type_, "custom": True, "inputs": inputs}


def step(op: str, urn: str, old: Any, new: Any, **more: Any) -> Any:
    """Give a step, as a document has it; a side that is None is not there."""
    sides = {
        key: state(urn, each)
        for key, each in (("oldState", old), ("newState", new))
        if each is not None
    }
    return {"op": op, "urn": urn, **sides, "detailedDiff": None, **more}


def made(
    old: Any,
    new: Any,
    *,
    before: Any = None,
    after: Any = None,
    reasons: tuple[str, ...] = (),
    type_: str = "docker:index/container:Container",
) -> Plan:
    """Give the plan of a change of one container, of the system as the two summaries tell it.

    ``type_``: not of its container, but of something else that the service has.
    """
    urn = CONTAINER.replace("docker:index/container:Container", type_)
    system = f"{_PREFIX}stackgraph:index:System::{SYSTEM}"
    sides = (before or graph("front:1"), after or graph("front:2"))
    return from_json(
        {
            "steps": [
                step("update", system, {"graph": sides[0]}, {"graph": sides[1]}),
                step(
                    "replace",
                    urn,
                    old,
                    new,
                    replaceReasons=list(reasons),
                    diffReasons=list(reasons),
                ),
            ],
            "changeSummary": {"update": 1, "replace": 1},
        }
    )


def assessed(plan: Plan, *risks: Risk, unclear: tuple[str, ...] = ()) -> Assessment:
    """Give an assessment with exactly these risks."""
    return Assessment(changes=changes_of(plan), risks=risks, routine=(), unclear=unclear)


def down(fact: str = "is down meanwhile", subject: str = "web/front") -> Risk:
    """Give a risk of the container."""
    return Risk(
        family=Family.DOWNTIME,
        subject=subject,
        fact=fact,
        chain=("the image changes", "it is stopped first"),
        urns=(CONTAINER,),
    )
