"""Two revisions of a program, compared as the engine does it: each resource when it is registered.

What the engine asks a provider, `kinds` answers. Read in pkg/resource/deploy/step_generator.go of
Pulumi 3.255.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from preview.against.baseline import Baseline, Old
from preview.against.decision import MADE, Decision
from preview.against.dependents import condemned
from preview.against.difference import Difference, differ, has_unknown
from preview.against.digests import TRIGGER, digest
from preview.against.kind import Kind
from preview.against.path import ignoring, text
from preview.against.replacement import detailed, reasons, replaces
from preview.existing import Met
from preview.plan import Diagnostic
from preview.resource import Resource
from preview.value import masked, reveal

USE_PREVIEW: Final = "use `pulumi preview`"


class Comparison:
    """The new revision's side of a comparison: meets its resources, and decides about each."""

    def __init__(
        self,
        baseline: Callable[[], Baseline],
        kinds: Mapping[str, Kind] | None = None,
        *,
        placeholders: bool = False,
    ) -> None:
        """Compare with a baseline, which is asked for when the first resource is registered.

        ``placeholders``: whether the program has been given other secrets than the stack has.
        """
        if kinds is None:
            from preview.against.kinds import KINDS

            kinds = KINDS
        self.decisions: dict[str, Decision] = {}
        self.diagnostics: list[Diagnostic] = []
        self._ask = baseline
        self._baseline: Baseline | None = None
        self._kinds = kinds
        self._placeholders = placeholders
        self._renamed: dict[str, str] = {}
        """From the URN that a resource had to the one that it has now."""
        self._condemned: set[str] = set()

    @property
    def baseline(self) -> Baseline:
        """What was there before."""
        if self._baseline is None:
            self._baseline = self._ask()
        return self._baseline

    def meet(self, resource: Resource) -> Met:
        """Decide what becomes of a resource, and tell what the program reads of it."""
        decision = self._decide(resource)
        self.decisions[resource.urn] = decision
        old = decision.old
        if decision.op in MADE or old is None:
            return Met(id=resource.import_id, outputs=dict(resource.inputs))
        if decision.op == "update":
            kind = self._kinds.get(resource.type)
            kept = old.met.outputs if kind is not None and kind.keeps_outputs else {}
            gone = old.resource.inputs.keys() - resource.inputs.keys()
            kept = {key: value for key, value in kept.items() if key not in gone}
            return Met(id=old.met.id, outputs={**kept, **resource.inputs})
        return old.met

    def gone(self) -> tuple[Old, ...]:
        """What was there and isn't registered any more."""
        seen = self.decisions.keys() | self._renamed.keys()
        return tuple(old for old in self.baseline.olds if old.resource.urn not in seen)

    # One resource

    def _decide(self, resource: Resource) -> Decision:
        old = self._find(resource)
        if resource.read_id is not None:
            return Decision(op="read", resource=resource, old=old)
        if old is None or old.external:
            op = "import" if resource.import_id else "create"
            return Decision(op=op, resource=resource)
        if old.resource.urn in self._condemned:
            # Its provider isn't asked any more: it had to go before what it depended on.
            return Decision(op="replace", resource=resource, old=old)
        decision = self._compared(resource, old)
        if decision.op == "replace":
            self._replacing(resource, old)
        return decision

    def _find(self, resource: Resource) -> Old | None:
        by_urn = self.baseline.by_urn
        for urn in (resource.urn, *resource.aliases):
            if urn in by_urn and (urn == resource.urn or urn not in self._renamed):
                if urn != resource.urn:
                    self._renamed[urn] = resource.urn
                return by_urn[urn]
        return None

    def _compared(self, resource: Resource, old: Old) -> Decision:
        def replaced(*because: str, uncertain: tuple[str, ...] = ()) -> Decision:
            return Decision(
                op="replace", resource=resource, old=old, because=because, uncertain=uncertain
            )

        if resource.import_id and resource.import_id not in (old.resource.import_id, old.met.id):
            return replaced("id")
        uncertain: list[str] = []
        if self._triggered(resource, old):
            if not (self._placeholders and self.baseline.deployed):
                return replaced()
            uncertain.append(
                "its replacement trigger is another one, which may be only because secrets aren't "
                f"known here; {USE_PREVIEW}"
            )
        if any(self._is_replaced(urn) for urn in resource.replace_with):
            return replaced("replaceWith")
        if self._provider_changed(resource, old):
            return replaced("provider")
        inputs = ignoring(old.resource.inputs, resource.inputs, resource.ignore_changes)
        kind = self._kinds.get(resource.type) if resource.custom else Kind()
        difference = self._differ(resource, old, inputs, kind or Kind())
        uncertain += [
            f"{key} has a value in it that only a provider tells; {USE_PREVIEW}"
            for key in dict.fromkeys(str(path[0]) for path in difference.unsure)
            if key not in difference.keys
        ]
        gone_with = resource.deleted_with if resource.custom else None  # nothing is a component's
        if gone_with and self._is_replaced(gone_with):
            uncertain.append(
                f"{gone_with.rpartition('::')[2]}, with which it is deleted, is "
                f"replaced, and whether this is then made anew depends on the engine's version; "
                f"{USE_PREVIEW}"
            )
        if not difference.changed:
            return Decision(op="same", resource=resource, old=old, uncertain=tuple(uncertain))
        if not resource.custom:
            return Decision(op="update", resource=resource, old=old, uncertain=tuple(uncertain))
        if kind is None:
            uncertain.append(
                f"whether a change of {', '.join(difference.keys)} replaces a {resource.type} "
                f"isn't known here; {USE_PREVIEW}"
            )
        details = detailed(difference.changed, kind, resource.replace_on_changes)
        return Decision(
            op="replace" if any(map(replaces, details.values())) else "update",
            resource=resource,
            old=old,
            changed=difference.keys,
            because=reasons(details, kind, resource.replace_on_changes),
            detailed={text(path): diff for path, diff in details.items()},
            uncertain=tuple(uncertain),
        )

    def _differ(
        self, resource: Resource, old: Old, inputs: Mapping[str, object], kind: Kind
    ) -> Difference:
        """Compare inputs. An unknown that is made of what changes is a change, too."""
        known = self.baseline.secrets_known
        before = {
            key: inputs[key]
            if key in old.digests and key in inputs and digest(inputs[key]) == old.digests[key]
            else value
            for key, value in old.resource.inputs.items()
        }
        found = differ(before, inputs, kind, secrets_known=known)
        moved = [
            path
            for path in found.unsure
            if str(path[0]) in old.digests
            or any(self._moves(urn) for urn in resource.property_dependencies.get(str(path[0]), ()))
        ]
        return Difference(
            changed={**found.changed, **dict.fromkeys(moved, "update")},
            unsure=tuple(path for path in found.unsure if path not in moved),
        )

    def _moves(self, urn: str) -> bool:
        """Whether what a program reads of a resource is known only after the deployment."""
        decision = self.decisions.get(urn)
        if decision is None or decision.op in MADE:
            return decision is not None
        kind = self._kinds.get(decision.resource.type)
        kept = kind is not None and kind.keeps_outputs
        return decision.op == "update" and decision.resource.custom and not kept

    def _is_replaced(self, urn: str) -> bool:
        decision = self.decisions.get(urn)
        return decision is not None and decision.op == "replace"

    def _triggered(self, resource: Resource, old: Old) -> bool:
        """Whether the replacement trigger has another value; without one on both sides, it has not.

        The engine takes an unknown for another value.
        """
        now, before = resource.replacement_trigger, old.resource.replacement_trigger
        if TRIGGER in old.digests and not has_unknown(now):
            return digest(now) != old.digests[TRIGGER]
        if has_unknown(now) or has_unknown(before):
            return True
        if now is None or before is None:
            return False
        if not self.baseline.secrets_known:
            return bool(masked(now) != masked(before))
        return bool(reveal(now) != reveal(before))

    def _provider_changed(self, resource: Resource, old: Old) -> bool:
        """Whether it moves to a provider whose other configuration calls for a replacement."""
        now, before = resource.provider, old.resource.provider
        if not now or not before:
            return bool(now) is not bool(before)
        urn, former = now.rpartition("::")[0], before.rpartition("::")[0]
        if urn == former or self._renamed.get(former) == urn:
            return self._is_replaced(urn) and self._config_replaces(urn, former)
        return self._config_replaces(urn, former)

    def _config_replaces(self, urn: str, former: str) -> bool:
        new, old = self.decisions.get(urn), self.baseline.by_urn.get(former)
        if new is None or old is None:
            return False
        kind = self._kinds.get(new.resource.type, Kind())
        found = differ(old.resource.inputs, new.resource.inputs, kind)
        return any(map(replaces, detailed(found.changed, kind, ()).values()))

    # What a replacement takes with it

    def _replacing(self, resource: Resource, old: Old) -> None:
        if resource.protect and old.resource.protect:
            self._refuse(
                resource.urn,
                f'unable to replace resource "{resource.urn}"\nas it is currently marked for '
                "protection. To unprotect the resource, remove the `protect` flag from the "
                "resource in your Pulumi program and run `pulumi up`",
            )
        if not self._deletes_first(resource):
            return
        for dependent in condemned(old, self.baseline, self._seen(), self._kinds):
            urn = dependent.resource.urn
            if dependent.resource.protect and urn not in self._condemned:
                self._refuse(
                    resource.urn,
                    f'unable to replace resource "{urn}" as part of replacing "{resource.urn}" as '
                    "it is currently marked for protection. To unprotect the resource, remove the "
                    "`protect` flag from the resource in your Pulumi program and run `pulumi up`, "
                    f"or use the command:\n`pulumi state unprotect '{urn}'`",
                )
            self._condemned.add(urn)

    def _deletes_first(self, resource: Resource) -> bool:
        if resource.delete_before_replace is not None:
            return resource.delete_before_replace
        kind = self._kinds.get(resource.type)
        if kind is None:
            return False
        return kind.deletes_first or kind.named_by_provider in resource.inputs

    def _seen(self) -> set[str]:
        """The former URNs of what is registered by now."""
        former = {now: before for before, now in self._renamed.items()}
        return {former.get(urn, urn) for urn in self.decisions}

    def _refuse(self, urn: str, message: str) -> None:
        self.diagnostics.append(
            Diagnostic(severity="error", message=f"error: {message}\n", urn=urn)
        )

    def refuse_deletes(self, deleted: Sequence[Old]) -> None:
        """Say of what is protected that the engine won't delete it."""
        for old in deleted:
            urn = old.resource.urn
            if old.resource.protect:
                self._refuse(
                    urn,
                    f'Preview failed: resource "{urn}" cannot be deleted\nbecause it is protected. '
                    "To unprotect the resource, either remove the `protect` flag from the resource "
                    "in your Pulumi program and run `pulumi up`, or use the command:\n"
                    f"`pulumi state unprotect '{urn}'`",
                )
