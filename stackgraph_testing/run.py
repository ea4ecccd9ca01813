"""What came of a run: every resource, the stack's outputs, and what was logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from preview.value import Value
from stackgraph_testing.chain import Chain
from stackgraph_testing.duplicates import refuse_duplicates
from stackgraph_testing.inputs import Inputs
from stackgraph_testing.resources import Index, RecordedResource, Resources
from stackgraph_testing.secrets import Leak, leaks

if TYPE_CHECKING:
    from config.finding import Finding
    from graph.model import StackGraph
    from graph.reach import PlaceKind, Reach
    from preview.log import Message
    from preview.monitor import Invocation
    from preview.record import Recording

Classes = dict[tuple[str, str], type]
"""Of each type and name, the class that was constructed."""


class ProgramRun(Resources):
    """Everything that a program declared."""

    def __init__(self, recording: Recording, classes: Classes, secrets: Mapping[str, str]) -> None:
        index = Index()
        for registration in recording.resources:
            cls = classes.get((registration.type, registration.name))
            each = RecordedResource(registration, cls, index)
            index.by_urn[registration.urn] = each
            if registration.parent:
                index.children.setdefault(registration.parent, []).append(each)
        super().__init__(index.by_urn.values())
        self.recording = recording
        """The recording itself, of `preview.record`."""
        self._secrets = dict(secrets)
        refuse_duplicates(self)

    def __repr__(self) -> str:
        return f"<stack {self.recording.stack} of {len(self)} resources>"

    @property
    def outputs(self) -> Mapping[str, Value]:
        """The stack's outputs."""
        return Inputs(self.recording.outputs)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What the program logged."""
        return self.recording.messages

    @property
    def invocations(self) -> tuple[Invocation, ...]:
        """The providers' functions that it called."""
        return self.recording.invocations

    def depends_on(self, resource: RecordedResource, other: RecordedResource) -> Chain:
        """Whether a resource waits for another, by way of others too: the way, empty if not."""
        return Chain.between(resource, other)

    def secrets_in_clear(self) -> tuple[Leak, ...]:
        """Where a secret can be read: in a name, an input, an output, a message; none is good.

        Secrets are those of the system or of the configuration, and every text that the program
        marks as one. A list or an object that is secret as a whole may have public parts.

        Raises:
            ValueError: A given secret is too short to be told from other text.
        """
        messages = enumerate(self.recording.messages, 1)
        others = {f"message {number}": message.text for number, message in messages}
        return leaks(self, self._secrets, others)


class SystemRun(ProgramRun):
    """Everything that one or several systems declare, and what they mean."""

    def __init__(
        self,
        recording: Recording,
        classes: Classes,
        secrets: Mapping[str, str],
        graph: StackGraph,
        findings: tuple[Finding, ...],
    ) -> None:
        super().__init__(recording, classes, secrets)
        self.graph = graph
        """The stack graph."""
        self.findings = findings
        """What the rules warn of; errors don't come this far."""

    def reach(self, what: str | None = None) -> tuple[Reach, ...]:
        """What can be used from where: of all, or of one path or port as `stackgraph reach` says.

        `what` may also be the id of a route, a service or an ingress.

        Raises:
            LookupError: There is no such thing.
        """
        from config.finding import one_of
        from graph.reach import reach

        found = reach(self.graph)
        if what is None:
            return found
        chosen = tuple(each for each in found if what in (each.what, each.subject))
        if not chosen:
            near = one_of(what, {name for each in found for name in (each.what, each.subject)})
            raise LookupError(f"nothing that is reached is called {what!r}; {near}")
        return chosen

    def open_to(self, place: PlaceKind | str) -> tuple[Reach, ...]:
        """What can be used from a kind of place: `internet`, `cloudflare`, `mesh` and the like.

        Raises:
            ValueError: There is no such kind of place.
        """
        from graph.reach import PlaceKind

        kind = PlaceKind(place)
        return tuple(
            each for each in self.reach() if any(found.kind is kind for found in each.places)
        )
