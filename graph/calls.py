"""Builds externals, flows and scenarios."""

from __future__ import annotations

from collections.abc import Sequence

from config.calls import Choice as ChoiceSpec
from config.calls import Flow as FlowSpec
from config.calls import Message as MessageSpec
from config.calls import Scenario as ScenarioSpec
from config.finding import Source
from config.load import LoadedSystem
from graph.model import Choice, External, Flow, Message, Scenario, Step
from graph.nodes import Nodes


def add_externals(loaded: LoadedSystem, nodes: Nodes) -> None:
    """Add a system's externals."""
    for key, external in loaded.system.externals.items():
        id_ = f"external:{loaded.name}/{key}"
        nodes.externals[id_] = External(
            id=id_,
            system=loaded.name,
            key=key,
            purpose=external.purpose,
            integration=external.integration,
            endpoint=external.endpoint,
            behind=external.behind,
            tls=external.tls,
            environment=external.environment,
            data=external.data,
            source=loaded.document.where(("externals", key)),
        )


def add_calls(loaded: LoadedSystem, nodes: Nodes) -> None:
    """Add a system's flows and scenarios, once all that they name is known."""
    # None keeps the place of what could not be read.
    flows: Sequence[FlowSpec | None] = loaded.system.flows
    names = {key.partition("/")[0] for key in loaded.system.routes}
    names |= {name for zone in loaded.system.zones.values() for name in zone.records}
    for index, flow in enumerate(flows):
        if flow is not None:
            _add_flow(loaded, nodes, flow, names, loaded.document.where(("flows", index)))
    for key, scenario in sorted(loaded.system.scenarios.items()):
        _add_scenario(loaded, nodes, key, scenario)


def _add_flow(
    loaded: LoadedSystem, nodes: Nodes, flow: FlowSpec, names: set[str], source: Source
) -> None:
    caller = nodes.end(loaded.name, flow.source, source)
    called = nodes.end(loaded.name, flow.target, source)
    # A name whose routes could not be read is told already.
    unreadable = {key.partition("/")[0] for key in loaded.unreadable}
    if flow.via is not None and flow.via not in names | unreadable:
        nodes.unresolved_name(flow.via, "name of a route or record", names, source)
    if caller is None or called is None:
        return
    nodes.flows.append(
        Flow(
            system=loaded.name,
            caller=caller,
            called=called,
            protocol=flow.protocol,
            purpose=flow.purpose,
            soft=flow.soft,
            via=flow.via if flow.via in names else None,
            data=flow.data,
            source=source,
        )
    )


def _add_scenario(loaded: LoadedSystem, nodes: Nodes, key: str, spec: ScenarioSpec) -> None:
    id_ = f"scenario:{loaded.name}/{key}"
    actors = {name: f"actor:{loaded.name}/{key}/{name}" for name in spec.actors}

    def message(said: MessageSpec, *at: str | int) -> Message | None:
        source = loaded.document.where(("scenarios", key, "steps", *at))
        ends = [
            actors.get(name)
            or nodes.end(loaded.name, name, source, role="end of a step", also=spec.actors)
            for name in (said.source, said.target)
        ]
        if ends[0] is None or ends[1] is None:
            return None
        return Message(caller=ends[0], called=ends[1], text=said.text, answer=said.answer)

    steps: list[Step] = []
    for index, step in enumerate(spec.steps):
        if isinstance(step, ChoiceSpec):
            branches = []
            for condition, said in step.either.items():
                at = (index, "either", condition)
                messages = (message(each, *at, number) for number, each in enumerate(said))
                branches.append((condition, tuple(each for each in messages if each)))
            steps.append(Choice(branches=tuple(branches)))
        else:
            found = message(step, index)
            steps += [found] if found else []
    nodes.scenarios[id_] = Scenario(
        id=id_,
        system=loaded.name,
        key=key,
        purpose=spec.purpose,
        kind=spec.kind,
        actors=tuple(actors.values()),
        steps=tuple(steps),
        source=loaded.document.where(("scenarios", key)),
    )
