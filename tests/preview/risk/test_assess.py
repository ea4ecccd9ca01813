"""What holds for every change: no difference, no risk; and a large one is judged quickly."""

from __future__ import annotations

import random
import time
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from graph.summary.model import ServiceFacts, Summary, Volume
from preview.change import Changes
from preview.plan import Step
from preview.risk import Family, assess
from preview.risk.places import wider
from tests.preview.risk.making import (
    CONTAINER,
    NETWORK,
    changes,
    database,
    service,
    step,
    system,
    urn_of,
)

PLACES = st.lists(
    st.sampled_from(
        [
            f"{place}{password}"
            for place in (
                "internet",
                "cloudflare",
                "lan",
                "mesh",
                "host",
                "network a",
                "network b",
                "addresses 192.0.2.0/24",
                "addresses 192.0.2.0/28",
                "addresses 198.51.100.0/24",
                "addresses 2001:db8::/32",
            )
            for password in ("", ", with a password")
        ]
    ),
    unique=True,
    max_size=5,
).map(tuple)
TEXTS = st.lists(st.sampled_from("abcdef"), unique=True, max_size=4).map(tuple)
NAMES = st.sampled_from(["x", "y", "z"])
LABELS = st.sampled_from(["app/a", "app/b", "app/c", "job"])

SERVICES = st.builds(
    ServiceFacts,
    label=LABELS,
    host=st.sampled_from(["one", "two"]),
    order=st.sampled_from(["start-first", "stop-first", None]),
    image=st.sampled_from([None, "postgres:16.4", "postgres:17.1", "a/b:1.0.0", "mysql:8.4.0"]),
    volumes=st.lists(
        st.builds(Volume, volume=NAMES, path=NAMES, writes=st.booleans()), max_size=2
    ).map(tuple),
    databases=TEXTS,
    needs=st.lists(LABELS, max_size=3).map(tuple),
    uses=st.lists(LABELS, max_size=2).map(tuple),
    secrets=TEXTS,
    parts=st.dictionaries(NAMES, st.sampled_from("12"), max_size=2),
)
SUMMARIES = st.builds(
    Summary,
    services=st.dictionaries(st.sampled_from(["s-a", "s-b", "s-c"]), SERVICES, max_size=3),
    reach=st.dictionaries(NAMES, PLACES, max_size=3),
    guards=st.dictionaries(NAMES, TEXTS, max_size=3),
    grants=st.dictionaries(NAMES, TEXTS, max_size=3),
    names=st.dictionaries(NAMES, st.sampled_from(["one", "two"]), max_size=3),
    secrets=TEXTS,
)


@given(SUMMARIES)
def test_what_stays_as_it_is_is_no_risk(summary: Summary) -> None:
    found = assess(changes(system(summary, summary)))
    assert (found.risks, found.unclear, found.routine) == ((), (), ())


@given(PLACES, PLACES)
def test_reach_widens_in_one_direction_only(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    if not wider(one, two) and not wider(two, one):
        # Each holds the other: whoever may come, may come both ways.
        assert set(wider((), one)) == set(one)
    assert not wider(one, one)
    assert not wider((*one, *two), one)
    assert not wider((*one, "internet"), two)
    assert not wider(one, ())


@given(PLACES, PLACES, PLACES)
def test_what_is_not_wider_in_two_steps_is_not_wider_in_one(
    one: tuple[str, ...], two: tuple[str, ...], three: tuple[str, ...]
) -> None:
    if any("cloudflare" in place for place in (*one, *two, *three)):
        return  # narrower in place of it, wider beside it
    if not wider(one, two) and not wider(two, three):
        assert not wider(one, three)


@given(SUMMARIES, SUMMARIES)
def test_there_and_back_is_told_in_words_that_end(before: Summary, after: Summary) -> None:
    there = assess(changes(system(before, after)))
    assert list(there.risks) == sorted(
        there.risks, key=lambda risk: (list(Family).index(risk.family), risk.subject, risk.fact)
    )
    assert len({str(risk) for risk in there.risks}) == len(there.risks)
    for risk in there.risks:
        assert risk.subject
        assert risk.fact == risk.fact.strip(" ;,:")


def _estate(size: int) -> tuple[Step, ...]:
    """Give replacements of many containers, each of which one other needs, on a few networks."""
    services = {
        f"s-app{n}-web": service(f"app{n}/web", needs=(f"app{n}/db",)) for n in range(size // 4)
    } | {f"s-app{n}-db": database(label=f"app{n}/db") for n in range(size // 4)}
    summary = Summary(services=services, reach={f"one {n}/tcp": ("internet",) for n in range(size)})
    steps = [system(summary, summary.model_copy(update={"reach": {}}))]
    for n in range(size // 4):
        on_it = {"networksAdvanced": (urn_of(NETWORK, f"s-app{n}"),)}
        subnets = [{"ipamConfigs": [{"subnet": each}]} for each in ("a", "b")]
        steps.append(step("replace", NETWORK, f"s-app{n}", *subnets, reasons=("ipamConfigs",)))
        for key in ("web", "db"):
            name = f"s-app{n}-{key}"
            steps.append(step("replace", CONTAINER, name, {"image": "a"}, needs=on_it))
            steps.append(step("replace", "command:local:Command", f"{name}-handover", {}, {}))
    return tuple(steps)


def test_the_order_of_steps_has_no_influence() -> None:
    steps = list(_estate(40))
    found = assess(changes(*steps))
    digests = [risk.digest(found.changes) for risk in found.risks]
    random.Random(1).shuffle(steps)
    other = assess(changes(*steps))
    assert other.risks == found.risks
    assert [risk.digest(other.changes) for risk in other.risks] == digests
    assert len(set(digests)) == len(digests) == 10


def test_twenty_thousand_steps_are_judged_in_seconds() -> None:
    made: Changes = changes(*_estate(16_000))
    assert len(made.changes) > 20_000 * 0.9
    start = time.process_time()
    found = assess(made)
    seconds = time.process_time() - start
    assert sum(risk.family is Family.DOWNTIME for risk in found.risks) == 4_000
    assert seconds < 5, f"{seconds:.1f} s"


def test_an_acceptance_covers_exactly_this_change() -> None:
    caller = service("b", needs=("app/db",), ports=("one 80/tcp",))

    def digest(image: str, stack: str = "prod", parts: str = "1", more: str = "") -> str:
        reach = {"one 80/tcp": ("internet",)}
        before = Summary(services={"s-a": database(), "s-b": caller}, reach=reach)
        after = Summary(
            services={"s-a": database(image=image, parts={"x": parts}), "s-b": caller}, reach=reach
        )
        change = step("replace", CONTAINER, "s-a", {"image": "x"}, {"image": f"y{more}"})
        made = replace(changes(system(before, after), change), stack=stack)
        risk = next(each for each in assess(made).risks if each.family is Family.DOWNTIME)
        return risk.digest(made)

    one = digest("postgres:16.5")
    assert one == digest("postgres:16.5")
    # What a provider adds to a resource is no content of the files.
    assert one == digest("postgres:16.5", more="-suffix")
    others = [
        digest("postgres:16.6"),
        digest("postgres:16.5", stack="dev"),
        digest("postgres:16.5", parts="2"),
    ]
    assert len({one, *others}) == 4
