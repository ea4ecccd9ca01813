"""What an input will be, told without telling it: so that a plan's document can be compared with.

A plan on an empty stack has unknowns where a deployment has ids and addresses. What is made of them
(a script with a container's id in it) may change all the same. Each such input is therefore also
made with stand-ins, and its digest written beside it. Secrets are masked before, so that no digest
can be guessed from one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Final

from preview.against.difference import has_unknown
from preview.plan import Plan
from preview.record import Recording
from preview.resource import Resource
from preview.value import Value, masked

TRIGGER: Final = "@replacementTrigger"
"""Under which the digest of the replacement trigger stands, beside those of inputs."""

_DIGITS: Final = 32


def digest(value: Value) -> str:
    """The digest of a value; of secrets only that they are there."""
    text = json.dumps(masked(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def with_digests(plan: Plan, first: Recording, settled: Recording) -> Plan:
    """A plan with the digests of what isn't known in it.

    Args:
        plan: Made of `first`.
        first: The program on an empty stack.
        settled: The same program, recorded with stand-ins.
    """
    later = {resource.urn: _unsettled(resource) for resource in settled.resources}
    digests = {
        resource.urn: {
            key: digest(later[resource.urn][key])
            for key, value in _unsettled(resource).items()
            if has_unknown(value) and key in later.get(resource.urn, {})
        }
        for resource in first.resources
    }
    return replace(
        plan,
        steps=tuple(
            replace(step, new=replace(step.new, input_digests=found))
            if step.new and (found := digests.get(step.urn))
            else step
            for step in plan.steps
        ),
    )


def _unsettled(resource: Resource) -> dict[str, Value]:
    """What of a resource may not be known yet."""
    return {**resource.inputs, TRIGGER: resource.replacement_trigger}
