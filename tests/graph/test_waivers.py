"""Waivers: what they waive, until when, and what is said of those that waive nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cli.project import Project
from config.finding import Finding, Severity, Source
from config.operations import Waiver as WaiverSpec
from graph.judge import Judgement, judge
from graph.model import StackGraph, Waiver
from graph.waivers import Waived, apply
from tests.graph.estate import HOST, estate, write

REASON = "The other team owns the zone"
LAST, NEXT = date(2027, 3, 31), date(2027, 4, 1)
SYSTEM = f"""\
hosts:
  vps: {{kind: vps, {HOST}, ingress: {{kind: caddy}}}}
apps: {{web: {{host: vps, compose: web.compose.yaml}}}}
zones: {{example.com: {{provider: external}}}}
routes:
  a.example.org: {{to: web/front:8080}}
  b.example.org: {{to: web/front:8080}}
waivers:
"""
LINE = SYSTEM.count("\n") + 1


def waiver(rule: str = "R02", path: str = "routes.a.example.org", more: str = "") -> str:
    return f'  - {{rule: {rule}, path: "{path}", reason: "{REASON}", until: 2027-03-31{more}}}\n'


def spec(
    rule: str = "R02", path: str = "routes.a.example.org", file: str | None = None
) -> WaiverSpec:
    return WaiverSpec(rule=rule, path=path, file=file, reason=REASON, until=LAST)


def finding(
    rule: str = "R02", path: str = "routes.a.example.org", file: str = "system.yaml"
) -> Finding:
    source = Source(f"systems/shop/{file}", 6, path)
    return Finding(rule=rule, source=source, fact="fact", remedy="remedy")


def graph(root: Path, *waivers: str, stack: str = "prod") -> StackGraph:
    return estate(root, SYSTEM + "".join(waivers or ("  []\n",)), stack=stack)


# --- which findings a waiver waives


@pytest.mark.parametrize(
    ("more", "found", "waives"),
    [
        ("", finding(), True),
        ("", finding(rule="R01"), False),
        ("", finding(path="routes.a.example.org.to"), False),
        ("", finding(path="routes.b.example.org"), False),
        ("", finding(file="web.compose.yaml"), True),
        (", file: system.yaml", finding(), True),
        (", file: shop/system.yaml", finding(), True),
        (", file: web.compose.yaml", finding(), False),
        # A whole name, not the end of one.
        (", file: compose.yaml", finding(file="web.compose.yaml"), False),
    ],
)
def test_rule_path_and_file(more: str, found: Finding, waives: bool, tmp_path: Path) -> None:
    built = graph(tmp_path, waiver(more=more), stack="dev")
    counting, waived = apply([found], built, LAST)
    assert counting == (() if waives else (found,))
    assert waived == ((Waived(found, built.waivers[0]),) if waives else ())


def test_one_waiver_waives_all_findings_of_its_rule_at_its_place(tmp_path: Path) -> None:
    built = graph(tmp_path, waiver())
    found = [finding(file=file) for file in ("system.yaml", "web.compose.yaml")]
    counting, waived = apply([*found, finding(rule="R01")], built, LAST)
    assert counting == (finding(rule="R01"),)
    assert waived == tuple(Waived(each, built.waivers[0]) for each in found)


def test_waivers_are_nodes_in_the_order_of_their_file(tmp_path: Path) -> None:
    built = graph(tmp_path, waiver(), waiver(rule="P01", more=", file: web.compose.yaml"))
    assert built.waivers == tuple(
        Waiver(
            system="shop",
            spec=said,
            source=Source("systems/shop/system.yaml", LINE + index, f"waivers[{index}]"),
        )
        for index, said in enumerate([spec(), spec("P01", file="web.compose.yaml")])
    )


# --- until when


def said(index: int, rule: str, fact: str, remedy: str, severity: Severity) -> Finding:
    source = Source("systems/shop/system.yaml", LINE + index, f"waivers[{index}]")
    return Finding(rule=rule, source=source, fact=fact, remedy=remedy, severity=severity)


EXPIRED = said(
    0,
    "waiver-expired",
    "the waiver of R02 at routes.a.example.org ended 2027-03-31",
    "mend what it waived, or give a reason anew and a later day",
    Severity.ERROR,
)
UNUSED = said(
    0,
    "waiver-unused",
    "nothing breaks R02 at routes.a.example.org",
    "remove the waiver, or correct its rule or path",
    Severity.WARNING,
)


@pytest.mark.parametrize("stack", ["dev", "prod"])
@pytest.mark.parametrize(
    ("today", "counting", "waived"),
    [
        (date(2026, 1, 1), (), True),
        (LAST, (), True),
        (NEXT, (finding(), EXPIRED), False),
        (date(2099, 1, 1), (finding(), EXPIRED), False),
    ],
)
def test_the_last_day_counts(
    today: date, counting: tuple[Finding, ...], waived: bool, stack: str, tmp_path: Path
) -> None:
    built = graph(tmp_path, waiver(), stack=stack)
    expected = (Waived(finding(), built.waivers[0]),) if waived else ()
    assert apply([finding()], built, today) == (counting, expected)


@pytest.mark.parametrize(
    ("stack", "today", "counting"),
    [
        ("dev", LAST, ()),  # dev has other findings than prod: a waiver for that one is no mistake
        ("prod", LAST, (UNUSED,)),
        ("dev", NEXT, (EXPIRED,)),
        ("prod", NEXT, (EXPIRED,)),  # once, not as unused, too
    ],
)
def test_waivers_of_nothing(
    stack: str, today: date, counting: tuple[Finding, ...], tmp_path: Path
) -> None:
    assert apply([], graph(tmp_path, waiver(), stack=stack), today) == (counting, ())


def test_what_could_not_be_read_may_be_what_is_waived(tmp_path: Path) -> None:
    built = graph(tmp_path, waiver(), stack="prod")
    assert apply([], built, LAST, unread={"shop"}) == ((), ())
    assert apply([], built, LAST, unread={"another"}) == ((UNUSED,), ())


def test_a_second_waiver_of_the_same_is_unused(tmp_path: Path) -> None:
    built = graph(tmp_path, waiver(), waiver())
    counting, waived = apply([finding()], built, LAST)
    assert [(each.rule, each.source.path) for each in counting] == [("waiver-unused", "waivers[1]")]
    assert waived == (Waived(finding(), built.waivers[0]),)


# --- whole systems


def judged(root: Path, text: str, today: date = LAST, stack: str = "dev") -> Judgement:
    root = write(root, text, stack=stack)
    settings = Project(root=root).settings(stack)
    return judge(settings.directories(root), settings, relative_to=root, today=today)


def places(judgement: Judgement, *rules: str) -> list[tuple[str, str]]:
    return [(f.rule, f.source.path) for f in judgement.findings if f.rule in rules]


@pytest.mark.parametrize(
    ("today", "counting", "waived"),
    [
        (LAST, ["routes.b.example.org"], ["routes.a.example.org"]),
        (NEXT, ["routes.a.example.org", "routes.b.example.org"], []),
    ],
)
def test_a_judgement_holds_both(
    today: date, counting: list[str], waived: list[str], tmp_path: Path
) -> None:
    judgement = judged(tmp_path, SYSTEM + waiver(), today)
    assert [path for _, path in places(judgement, "R02")] == counting
    assert [each.finding.source.path for each in judgement.waived] == waived
    assert len(places(judgement, "waiver-expired")) == (today == NEXT)


def test_what_the_loader_says_is_never_waived(tmp_path: Path) -> None:
    text = SYSTEM.replace("a.example.org: {", "a.example.org: {cache: forever, ")
    waivers = waiver("schema", "routes.a.example.org.cache") + waiver("R02", "routes.b.example.org")
    judgement = judged(tmp_path, text + waivers, stack="prod")
    assert places(judgement, "schema", "R02", "waiver-unused") == [
        ("schema", "routes.a.example.org.cache"),
        ("waiver-unused", "waivers[0]"),
    ]
    assert [each.finding.rule for each in judgement.waived] == ["R02"]


def test_waivers_themselves_are_not_waived(tmp_path: Path) -> None:
    waivers = waiver("R01") + waiver("waiver-unused", "waivers[0]")
    judgement = judged(tmp_path, SYSTEM + waivers, stack="prod")
    assert places(judgement, "waiver-unused") == [
        ("waiver-unused", "waivers[0]"),
        ("waiver-unused", "waivers[1]"),
    ]
