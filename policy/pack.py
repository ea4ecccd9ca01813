"""The policies as `pulumi_policy` has them. Only the pack's own environment has that package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pulumi_policy import (  # type: ignore[import-not-found]
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    ResourceValidationPolicy,
    Severity,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError  # type: ignore[import-not-found]

from config.finding import Severity as RuleSeverity
from policy.acceptances import ACCEPTED, SCHEMA, remaining
from policy.policies import Policy
from policy.resources import UNKNOWN, Resource, text
from policy.table import POLICIES

NAME: Final = "stackgraph"

_LEVELS: Final = {
    RuleSeverity.ERROR: EnforcementLevel.MANDATORY,
    RuleSeverity.WARNING: EnforcementLevel.ADVISORY,
}
_SEVERITIES: Final = {
    RuleSeverity.ERROR: Severity.HIGH,
    RuleSeverity.WARNING: Severity.MEDIUM,
}


def serve() -> None:
    """Start the pack's server, and serve until the engine ends it."""
    PolicyPack(
        NAME,
        policies=[wrapped(policy) for policy in POLICIES],
        description="The graph's rules that can be judged on resources",
    )


def wrapped(policy: Policy) -> Any:
    """Give a policy as the engine is told of it: an error is mandatory, a warning advisory."""
    common: dict[str, Any] = {
        "name": policy.id,
        "description": policy.title,
        "display_name": policy.title,
        "enforcement_level": _LEVELS[policy.severity],
        "severity": _SEVERITIES[policy.severity],
        "config_schema": PolicyConfigSchema({**policy.options, ACCEPTED: SCHEMA}),
    }
    if policy.scope == "resource":
        return ResourceValidationPolicy(validate=_of_resource(policy), **common)
    return StackValidationPolicy(validate=_of_stack(policy), **common)


def _of_resource(policy: Policy) -> Callable[[Any, Callable[..., None]], None]:
    def validate(args: Any, report: Callable[..., None]) -> None:
        if args.resource_type in policy.types:
            resource = _resource(args.resource_type, args)
            _report(policy, [resource], args.get_config(), report)

    return validate


def _of_stack(policy: Policy) -> Callable[[Any, Callable[..., None]], None]:
    def validate(args: Any, report: Callable[..., None]) -> None:
        resources = [
            _resource(each.resource_type, each, each.property_dependencies)
            for each in args.resources
            if each.resource_type in policy.types
        ]
        _report(policy, resources, args.get_config(), report)

    return validate


def _report(
    policy: Policy,
    resources: list[Resource],
    options: Mapping[str, Any],
    report: Callable[..., None],
) -> None:
    found = policy.violations(resources, options)
    today = datetime.now(UTC).date()
    for urn, message in remaining(found, options, today, policy.inputs):
        report(message, urn)


def _resource(
    type_: str, args: Any, dependencies: Mapping[str, Iterable[Any]] | None = None
) -> Resource:
    provider = args.provider
    return Resource(
        type=type_,
        urn=args.urn,
        name=args.name,
        inputs=plain(args.props),
        provider=provider.urn if provider else None,
        machine=text(plain(provider.props).get("host")) if provider else None,
        protect=bool(args.opts.protect),
        ignore_changes=tuple(args.opts.ignore_changes),
        leads_to={key: tuple(e.urn for e in on) for key, on in (dependencies or {}).items()},
    )


def plain(value: Any) -> Any:
    """Give inputs as JSON: the proxies around them raise where a value is not known."""
    if isinstance(value, Mapping):
        return {key: _at(value, key) for key in value}
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if hasattr(value, "__len__") and hasattr(value, "__getitem__"):
        return [_at(value, index) for index in range(len(value))]
    return {}  # an asset: what it holds no policy asks


def _at(holder: Any, key: Any) -> Any:
    try:
        return plain(holder[key])
    except UnknownValueError:
        return UNKNOWN
