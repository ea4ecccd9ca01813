"""A resource as the program registered it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from preview.value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One registration: what the program asked of the engine.

    Options that a child takes from its parent (`protect`, `retain_on_delete`, `deleted_with`, the
    provider) are given as they hold for the child. Inputs are the program's: no provider has added
    its defaults or chosen a name. References to other resources are URNs.
    """

    urn: str
    type: str
    name: str
    custom: bool
    """Whether a provider manages it; a component isn't."""
    inputs: Mapping[str, Value] = field(default_factory=dict)
    outputs: Mapping[str, Value] | None = None
    """What `register_outputs` gave; `None` when it wasn't called."""
    parent: str | None = None
    dependencies: tuple[str, ...] = ()
    """Everything that it waits for, in the order of registration."""
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of each input, the resources whose outputs are in it."""
    provider: str | None = None
    """`<URN>::<id>` of the provider that manages it; `None` for components and providers."""
    providers: Mapping[str, str] = field(default_factory=dict)
    """Of a component: package to provider, for its children."""
    protect: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    delete_before_replace: bool | None = None
    """`None` leaves it to the provider."""
    deleted_with: str | None = None
    replace_with: tuple[str, ...] = ()
    replacement_trigger: Value = None
    aliases: tuple[str, ...] = ()
    """URNs that it may have had before, those that its parents' aliases bring included."""
    additional_secret_outputs: tuple[str, ...] = ()
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)
    """Seconds for `create`, `update`, `delete`, `read`, where given."""
    import_id: str | None = None
    """The id of what exists already and is adopted."""
    read_id: str | None = None
    """The id of what is looked up and never managed."""
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The names of hooks, by the engine's kinds: `AfterCreate` and the like."""
    hide_diffs: tuple[str, ...] = ()
    version: str | None = None
    """The provider's version that its SDK asks for."""
    plugin_download_url: str | None = None
    source: str | None = field(default=None, compare=False)
    """`file:line` that created it, from the program's directory where it lies in there."""
