"""Rules at the edge: each request falls under the route that the ingress would choose for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.edge import Ruleset, expressions, rulesets
from graph.edge.rules import at_edge
from graph.model import StackGraph
from graph.nodes import answering
from tests.components.zone import POLICY, ROUTES, shop, zone_of


def holds(expression: str, name: str, path: str, source: str = "192.0.2.99") -> bool:
    """Tell whether an expression holds for a request: its few words, as Python."""
    text = expression.replace("lower(http.host)", repr(name)).replace(
        "lower(http.request.uri.path)", repr(path.lower())
    )
    text = re.sub(r'starts_with\((\'[^\']*\'), ("[^"]*")\)', r"\1.startswith(\2)", text)
    text = re.sub(r'ends_with\((\'[^\']*\'), ("[^"]*")\)', r"\1.endswith(\2)", text)
    text = re.sub(r"ip\.src in \{([^}]*)\}", lambda m: str(source in m[1]), text)
    text = re.sub(r"in \{([^}]*)\}", lambda m: "in (" + ",".join(m[1].split()) + ",)", text)
    text = text.replace(" eq ", " == ")
    return bool(eval(text, {"__builtins__": {}}))


def test_what_each_operator_means_here() -> None:
    assert holds('lower(http.host) eq "a.b"', "a.b", "/")
    assert not holds(
        '(lower(http.host) in {"a.b" "c.d"} and not (lower(http.host) eq "a.b"))', "a.b", "/"
    )
    assert holds('starts_with(lower(http.request.uri.path), "/x/")', "a.b", "/X/y")


def phase(graph: StackGraph, name: str) -> Ruleset | None:
    return next((each for each in rulesets(graph, zone_of(graph)) if each.name == name), None)


def test_the_order_and_one_ruleset_a_phase(tmp_path: Path) -> None:
    found = rulesets(shop(tmp_path), zone_of(shop(tmp_path)))
    assert [each.name for each in found] == ["access", "rate-limits", "cache"]
    access, rates, _ = found
    # Who may use a route is never skipped, so it comes first.
    assert [rule.ref.partition("-")[0] for rule in access.rules] == [
        "access",
        "access",
        "rule",
        "rule",
    ]
    assert [rule.action for rule in access.rules] == ["block", "block", "skip", "block"]
    assert [rule.limit.requests for rule in rates.rules if rule.limit] == [20, 200]


def test_a_phase_without_rules_has_no_ruleset(tmp_path: Path) -> None:
    graph = shop(tmp_path, "    proxied: true\n", "  a.example.com: {to: web/front:8080}\n")
    assert rulesets(graph, zone_of(graph)) == ()


PATHS = ["/", "/admin", "/admin/", "/admin/hook", "/ADMIN/x", "/admin/hook/y", "/administer", "/x"]
NESTED = """\
  shop.example.com: {to: web/front:8080, access: ACCESS}
  shop.example.com/admin/*: {to: web/front:8080, access: INNER}
  shop.example.com/admin/hook: {to: web/front:8080, access: public, purpose: p}
"""


@pytest.mark.parametrize("outer", ["public", "mesh", "{allow: [203.0.113.0/24]}"])
@pytest.mark.parametrize("inner", ["public", "mesh", "{allow: [198.51.100.0/24]}"])
def test_the_edge_refuses_whom_the_ingress_refuses(outer: str, inner: str, tmp_path: Path) -> None:
    routes = NESTED.replace("ACCESS", outer).replace("INNER", inner)
    graph = shop(tmp_path, "    proxied: true\n", routes)
    access = phase(graph, "access")
    for path in PATHS:
        for source in ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.99"):
            # Caddy compares paths without case, as the edge is told to.
            id_ = answering(graph.routes.values(), path.lower())
            route = graph.routes[id_ or ""]
            admitted = route.access.anywhere or source in (route.access.allow or ())
            rules = access.rules if access else ()
            blocked = any(holds(r.expression, "shop.example.com", path, source) for r in rules)
            assert blocked is not admitted, (path, source)


def test_a_wildcard_leaves_other_names_alone(tmp_path: Path) -> None:
    routes = (
        '  "*.example.com": {to: web/front:8080, access: mesh}\n'
        "  open.example.com: {to: web/front:8080}\n"
    )
    access = phase(shop(tmp_path, "    proxied: true\n", routes), "access")
    assert access is not None
    (rule,) = access.rules
    assert holds(rule.expression, "any.example.com", "/")
    assert not holds(rule.expression, "open.example.com", "/")
    assert not holds(rule.expression, "example.com", "/")


def test_what_not_everybody_may_see_is_kept_for_nobody(tmp_path: Path) -> None:
    graph = shop(
        tmp_path,
        "    proxied: true\n",
        "  a.example.com: {to: web/front:8080, access: mesh, cache: static}\n",
    )
    cache = phase(graph, "cache")
    assert cache is not None
    assert [rule.parameters for rule in cache.rules] == [{"cache": False}]


@pytest.mark.parametrize(
    ("cache", "parameters"),
    [
        ("off", {"cache": False}),
        ("static", {"cache": True, "edge_ttl": {"mode": "override_origin", "default": 14400}}),
        ("{browser: 1h}", {"cache": True, "edge_ttl": {"mode": "respect_origin"}}),
        ("{edge: 0}", {"cache": False}),
        ("{edge: 3h}", {"cache": True, "edge_ttl": {"mode": "override_origin", "default": 10800}}),
    ],
)
def test_how_long_the_edge_keeps_an_answer(
    cache: str, parameters: dict[str, object], tmp_path: Path
) -> None:
    route = f"  a.example.com: {{to: web/front:8080, cache: {cache}}}\n"
    found = phase(shop(tmp_path, "    proxied: true\n", route), "cache")
    assert found is not None
    assert [rule.parameters for rule in found.rules] == [parameters]


def test_a_name_that_is_not_proxied_has_no_rule(tmp_path: Path) -> None:
    route = "  a.example.com: {to: web/front:8080, cache: off, access: mesh, proxied: false}\n"
    graph = shop(tmp_path, "    proxied: true\n", route)
    assert rulesets(graph, zone_of(graph)) == ()


def test_a_rule_keeps_its_reference_when_others_come(tmp_path: Path) -> None:
    graph = shop(tmp_path / "a")
    more = shop(
        tmp_path / "b", POLICY, ROUTES + "  aa.example.com: {to: web/front:8080, cache: off}\n"
    )
    before = {rule.ref for each in rulesets(graph, zone_of(graph)) for rule in each.rules}
    after = {rule.ref for each in rulesets(more, zone_of(more)) for rule in each.rules}
    assert before <= after


SEGMENT = st.text("ab", min_size=1, max_size=2)
PATH = st.builds(
    lambda parts, end: "/" + "/".join(parts) + end,
    st.lists(SEGMENT, max_size=2),
    st.sampled_from(["", "/*", "*"]),
).filter(lambda path: path not in ("/", "/*", "/**") and "//" not in path)


@settings(max_examples=60)
@given(paths=st.lists(PATH, max_size=4, unique=True), asked=st.lists(SEGMENT, max_size=3))
def test_one_route_is_asked_for_each_request(
    paths: list[str], asked: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    listed = "".join(f"  a.example.com{path}: {{to: web/front:8080}}\n" for path in paths)
    graph = shop(
        tmp_path_factory.mktemp("made"),
        "    proxied: true\n",
        f"  a.example.com: {{to: web/front:8080}}\n{listed}",
    )
    path = "/" + "/".join(asked)
    routes = list(graph.routes.values())
    fits = [
        r.id
        for r in routes
        if holds(expressions.answered(r, routes, ["a.example.com"]), "a.example.com", path)
    ]
    assert fits == [answering(routes, path)]


def test_at_edge_leaves_alone_what_nobody_decided(tmp_path: Path) -> None:
    graph = shop(tmp_path, "    proxied: true\n", "  a.example.com: {to: web/front:8080}\n")
    (route,) = graph.routes.values()
    assert at_edge(route) is None
