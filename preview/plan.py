"""What a deployment would do: the typed form of the document that `pulumi preview --json` writes.

Made from a recording, or read from such a document, so that whoever judges a change needs to know
one model only. Nothing in it is secret: secrets read `[secret]`, as they do in the document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from preview.resource import Resource
from preview.urn import PROVIDER_PREFIX, split
from preview.value import MASK, Json, Secret, masked

if TYPE_CHECKING:
    from preview.record import Recording

_PREFIXES: Final = {"warning": "warning: ", "error": "error: "}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A resource before or after a step. Options mean what they mean for a `Resource`."""

    urn: str
    custom: bool
    id: str | None = None
    type: str
    inputs: Mapping[str, Json] = field(default_factory=dict)
    outputs: Mapping[str, Json] = field(default_factory=dict)
    parent: str | None = None
    protect: bool = False
    external: bool = False
    """Whether it is only looked up, never managed."""
    delete: bool = False
    """Whether it is a leftover of a replacement, whose successor is there already."""
    dependencies: tuple[str, ...] = ()
    provider: str | None = None
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Former URNs. Pulumi's own previews don't tell those of a resource that they create."""
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)
    import_id: str | None = None
    retain_on_delete: bool = False
    deleted_with: str | None = None
    replace_with: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    hide_diff: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    replacement_trigger: Json = None
    resource_hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    delete_before_replace: bool | None = None
    """What the program says, `None` if nothing. Pulumi's own previews don't tell."""
    input_digests: Mapping[str, str] = field(default_factory=dict)
    """Of inputs that aren't known yet, what tells whether they are made in the same way as in
    another plan: see `against.digests`. Pulumi doesn't write them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyDiff:
    """How one property changes."""

    kind: str
    """`add`, `delete` or `update`, or one of these with `-replace`."""
    input_diff: bool = False
    """Whether inputs were compared with inputs, not with the old outputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operation on one resource."""

    op: str
    """Pulumi's word: `create`, `update`, `delete`, `replace`, `same`, `read`, `import`, …"""
    urn: str
    provider: str | None = None
    old: State | None = None
    new: State | None = None
    diff_reasons: tuple[str, ...] = ()
    replace_reasons: tuple[str, ...] = ()
    detailed_diff: Mapping[str, PropertyDiff] | None = None
    uncertain: tuple[str, ...] = ()
    """Why an offline comparison can't tell; Pulumi's own previews always can."""

    @property
    def state(self) -> State | None:
        """The resource after the step, or before it where nothing comes after."""
        return self.new or self.old


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A message of the program, a provider or the engine."""

    severity: str
    message: str
    """As Pulumi writes it: with `warning: ` or `error: ` in front and a line break at its end."""
    urn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A policy that the change breaks. Pulumi's previews tell of these only in event logs."""

    pack: str
    policy: str
    level: str
    """Pulumi's word: `mandatory`, `advisory` (older: `warning`), `remediate`, `disabled`."""
    message: str
    urn: str | None = None

    @property
    def mandatory(self) -> bool:
        """Whether Pulumi ends the deployment for it."""
        return self.level not in ("advisory", "warning", "none", "disabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a deployment would do."""

    steps: tuple[Step, ...]
    config: Mapping[str, str] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    change_summary: Mapping[str, int] = field(default_factory=dict)
    """How many resources there are for each operation; those only read aren't counted."""
    duration: int = 0
    """Nanoseconds that the preview took; 0 for a recording."""
    operation: str = "preview"
    """`preview`, `refresh` (a preview of one), or `update`: what was done, not what would be."""
    outcome: str = "succeeded"
    """How it ended: `succeeded`, `failed`, `canceled` or `unfinished`."""
    violations: tuple[Violation, ...] = ()

    @property
    def stacks(self) -> frozenset[tuple[str, str]]:
        """Project and stack of every step; more than one only where plans were mixed."""
        found = (split(step.urn) for step in self.steps)
        return frozenset((urn.project, urn.stack) for urn in found)

    @classmethod
    def of(cls, recording: Recording) -> Self:
        """The plan to create what was recorded, on a stack that has nothing yet."""
        steps = tuple(_first_step(resource) for resource in recording.resources)
        return cls(
            steps=steps,
            config=shown_config(recording),
            diagnostics=messages_of(recording),
            change_summary=counted(steps),
        )


def counted(steps: Iterable[Step]) -> dict[str, int]:
    """How many resources there are for each operation; those only read aren't counted."""
    return dict(sorted(Counter(step.op for step in steps if step.op != "read").items()))


def shown_config(recording: Recording) -> dict[str, str]:
    """The configuration of a recording, secrets masked."""
    return {
        key: MASK if isinstance(value, Secret) else value for key, value in recording.config.items()
    }


def messages_of(recording: Recording) -> tuple[Diagnostic, ...]:
    """What a recorded program logged."""
    return tuple(
        Diagnostic(
            severity=message.severity,
            message=_PREFIXES.get(message.severity, "") + message.text + "\n",
            urn=message.urn,
        )
        for message in recording.messages
    )


def _first_step(resource: Resource) -> Step:
    op = "read" if resource.read_id else "import" if resource.import_id else "create"
    return Step(op=op, urn=resource.urn, provider=resource.provider, new=state_of(resource))


def state_of(resource: Resource) -> State:
    """A registered resource as the engine would write it down, secrets masked."""
    return State(
        urn=resource.urn,
        custom=resource.custom,
        id=resource.read_id,
        type=resource.type,
        inputs=_inputs(resource),
        parent=resource.parent,
        protect=resource.protect,
        external=resource.read_id is not None,
        dependencies=resource.dependencies,
        provider=resource.provider,
        property_dependencies=resource.property_dependencies,
        additional_secret_outputs=resource.additional_secret_outputs,
        aliases=resource.aliases,
        custom_timeouts=resource.custom_timeouts,
        import_id=resource.import_id,
        retain_on_delete=resource.retain_on_delete,
        deleted_with=resource.deleted_with,
        replace_with=resource.replace_with,
        ignore_changes=resource.ignore_changes,
        hide_diff=resource.hide_diffs,
        replace_on_changes=resource.replace_on_changes,
        replacement_trigger=masked(resource.replacement_trigger),
        resource_hooks=resource.hooks,
        delete_before_replace=resource.delete_before_replace,
    )


def _inputs(resource: Resource) -> Mapping[str, Json]:
    inputs: dict[str, Json] = masked(resource.inputs)
    version, url = resource.version, resource.plugin_download_url
    if resource.type.startswith(PROVIDER_PREFIX) and (version or url):
        # Among a provider's inputs the engine keeps which plugin it is.
        inputs["__internal"] = {"pluginDownloadURL": url} if url else {}
        if version:
            inputs["version"] = version
    return dict(sorted(inputs.items()))
