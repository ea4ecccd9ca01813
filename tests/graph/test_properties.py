"""What holds in the graph of any valid system, and that what breaks it is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cli.reach import reach_json
from graph.export import to_data
from graph.model import StackGraph
from graph.order import dependencies, waves
from graph.reach import PlaceKind, port_ways, reach, route_ways
from graph.rules import check
from render.caddy import caddyfile
from render.mermaid import flowchart
from tests.graph.estate import broken
from tests.graph.strategies import SECRET_VALUE, Made, systems
from tests.workspace import graph_of, write


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("made")


def graph(root: Path, made: Made, shuffle: int | None = None) -> StackGraph:
    return graph_of(write(root, made.files(shuffle)), "test")


@settings(max_examples=40)
@given(systems())
def test_no_rule_fails_and_none_of_structure_is_broken(root: Path, made: Made) -> None:
    # All rules run; a system that is valid by the way it is made breaks none of structure.
    assert broken(graph(root, made)) == []


@settings(max_examples=30)
@given(systems())
def test_everything_named_is_there(root: Path, made: Made) -> None:
    built = graph(root, made)
    services = {
        f"service:made/{file.removesuffix('.compose.yaml')}/{name}"
        for file, data in made.compose.items()
        for name in data["services"]
    }
    assert set(built.services) == services
    assert built.unresolved == ()
    for section in (
        *("hosts", "apps", "routes", "externals", "processes", "sites", "jobs", "zones"),
        *("databases", "buckets", "backups", "monitors", "scenarios", "flows", "disposable"),
        *("waivers", "variables", "secrets"),
    ):
        assert len(getattr(built, section)) == len(made.system[section]), section
    assert len(built.meshes) == ("mesh" in made.system)
    nodes = {
        *("internet", *built.hosts, *built.ingresses, *built.apps, *built.networks, *built.meshes),
        *(*built.volumes, *built.services, *built.routes, *built.zones, *built.externals),
        *(*built.processes, *built.sites, *built.jobs, *built.databases, *built.buckets),
        *(*built.backups, *built.monitors),
    }
    for edge in built.edges:
        assert {edge.source, edge.target} <= nodes
    said = [message for scenario in built.scenarios.values() for message in scenario.messages()]
    actors = {actor for scenario in built.scenarios.values() for actor in scenario.actors}
    assert {end for message in said for end in (message.caller, message.called)} <= nodes | actors


@settings(max_examples=30)
@given(systems())
def test_names_are_unique(root: Path, made: Made) -> None:
    built = graph(root, made)
    for kind in (built.services, built.networks, built.volumes):
        for attribute in ("logical_name", "name", "container_name", "alias"):
            given_names = [getattr(node, attribute, id_) for id_, node in kind.items()]
            assert len(set(given_names)) == len(given_names)


@settings(max_examples=30)
@given(systems())
def test_start_order_respects_every_dependency(root: Path, made: Made) -> None:
    built = graph(root, made)
    order = waves(built)
    position = {node: number for number, wave in enumerate(order) for node in wave}
    assert position.keys() == {*built.services, *built.ingresses}
    for node, needed in dependencies(built).items():
        # In the first wave that it can be in: right after the last of those it needs.
        assert position[node] == max((position[n] + 1 for n in needed), default=0)


@settings(max_examples=30)
@given(systems())
def test_ingress_networks_are_those_needed(root: Path, made: Made) -> None:
    built = graph(root, made)
    for ingress in built.ingresses.values():
        if ingress.kind == "nginx":
            assert ingress.networks == ()
            continue
        routed = {r.service for r in built.routes_of(ingress)} - {None}
        reached = [
            {a.network for a in built.services[service].attachments}
            for service in routed
            if service is not None
        ]
        joined = set(ingress.networks)
        assert all(networks & joined for networks in reached)
        for network in joined:
            assert not all(networks & (joined - {network}) for networks in reached), network


@settings(max_examples=30)
@given(systems(), st.integers(0, 5))
def test_the_order_of_keys_makes_no_difference(root: Path, made: Made, shuffle: int) -> None:
    assert graph(root, made) == graph(root, made, shuffle)
    assert json.dumps(to_data(graph(root, made))) == json.dumps(to_data(graph(root, made, shuffle)))


@settings(max_examples=30)
@given(systems())
def test_export_holds_no_secret(root: Path, made: Made) -> None:
    built = graph(root, made)
    text = json.dumps(to_data(built))
    assert SECRET_VALUE not in text
    assert SECRET_VALUE not in repr(built)
    for name in built.services:
        assert name in text


@settings(max_examples=30)
@given(systems())
def test_an_ingress_knows_where_its_routes_lead(root: Path, made: Made) -> None:
    built = graph(root, made)
    for route in built.routes.values():
        assert route.ingress is not None
        nginx = built.ingresses[route.ingress].kind == "nginx"
        told = (route.upstream is not None) + (route.upstream_file is not None)
        assert told == (route.service is not None or (nginx and route.process is not None))
        if nginx and route.upstream:
            assert route.upstream.startswith("127.0.0.1:")


@settings(max_examples=15)
@given(systems(), st.integers(0, 5))
def test_what_is_made_from_a_graph_is_the_same_for_other_orders(
    root: Path, made: Made, shuffle: int
) -> None:
    texts = []
    for order in (None, shuffle):
        built = graph(root, made, order)
        proxies = [i for i in built.ingresses.values() if i.kind == "caddy"]
        texts.append([flowchart(built), *(caddyfile(built, proxy) for proxy in proxies)])
        assert reach_json(built)
    assert texts[0] == texts[1]


WIDE = {PlaceKind.INTERNET, PlaceKind.LAN, PlaceKind.CLOUDFLARE}


@settings(max_examples=30)
@given(systems())
def test_reach_is_as_wide_as_access(root: Path, made: Made) -> None:
    built = graph(root, made)
    for route in built.routes.values():
        kinds = {way.place.kind for way in route_ways(built, route)}
        assert bool(kinds & WIDE) == route.access.anywhere
        passwords = {way.password for way in route_ways(built, route)}
        assert passwords == {route.access.basic_auth is not None}
    for port in built.host_ports:
        kinds = {way.place.kind for way in port_ways(built, port)}
        assert (kinds == {PlaceKind.HOST}) == port.loopback
        if port.owner in built.ingresses and built.target == "prod":
            # Of an ingress without routes nobody needs anything.
            assert bool(kinds) == bool(built.routes_of(built.ingresses[port.owner]))
    for each in reach(built):
        widths = [list(PlaceKind).index(way.place.kind) for way in each.ways]
        assert widths == sorted(widths)
        if not each.published:
            assert {way.place.kind for way in each.ways} <= {PlaceKind.NETWORK}


# --- what breaks a valid system, and the rule that finds it

Draw = Callable[[st.SearchStrategy[Any]], Any]


def some_service(draw: Draw, made: Made) -> tuple[str, str, dict[str, Any]]:
    """Choose a service: its app, its name, its data."""
    file = draw(st.sampled_from(sorted(made.compose)))
    name = draw(st.sampled_from(sorted(made.compose[file]["services"])))
    return file.removesuffix(".compose.yaml"), name, made.compose[file]["services"][name]


def drop_a_network(draw: Draw, made: Made) -> str:
    app, _, service = some_service(draw, made)
    assume(bool(service.get("networks")))
    del made.compose[f"{app}.compose.yaml"]["networks"][service["networks"][0]]
    return "R09"


def drop_a_volume(draw: Draw, made: Made) -> str:
    app, _, service = some_service(draw, made)
    assume(bool(service.get("volumes")))
    made.compose[f"{app}.compose.yaml"]["volumes"].pop(service["volumes"][0].partition(":")[0])
    return "R09"


def drop_a_secret(draw: Draw, made: Made) -> str:
    app, _, service = some_service(draw, made)
    assume(bool(service.get("secrets")))
    del made.compose[f"{app}.compose.yaml"]["secrets"][service["secrets"][0]]
    return "R09"


def drop_a_service_that_is_waited_for(draw: Draw, made: Made) -> str:
    app, _, service = some_service(draw, made)
    assume(bool(service["depends_on"]))
    del made.compose[f"{app}.compose.yaml"]["services"][sorted(service["depends_on"])[0]]
    return "R09"


def drop_a_health_check(draw: Draw, made: Made) -> str:
    app, _, service = some_service(draw, made)
    waited = [n for n, d in service["depends_on"].items() if d["condition"] == "service_healthy"]
    assume(bool(waited))
    del made.compose[f"{app}.compose.yaml"]["services"][waited[0]]["healthcheck"]
    return "G02"


def close_a_circle(draw: Draw, made: Made) -> str:
    app, name, service = some_service(draw, made)
    assume(bool(service["depends_on"]))
    needed = made.compose[f"{app}.compose.yaml"]["services"][sorted(service["depends_on"])[0]]
    needed["depends_on"] = {name: {"condition": "service_started"}}
    return "G01"


def wait_for_oneself(draw: Draw, made: Made) -> str:
    _, name, service = some_service(draw, made)
    service["depends_on"] = {name: {"condition": "service_started"}}
    return "G01"


def some_route(draw: Draw, made: Made) -> tuple[str, dict[str, Any]]:
    to_services = [key for key, r in made.system["routes"].items() if "/" in r.get("to", "")]
    assume(bool(to_services))
    key = draw(st.sampled_from(sorted(to_services)))
    return key, made.system["routes"][key]


def route_to_the_wrong_port(draw: Draw, made: Made) -> str:
    _, route = some_route(draw, made)
    route["to"] = route["to"].replace(":8080", ":8090")
    return "R14"


def route_to_nowhere(draw: Draw, made: Made) -> str:
    _, route = some_route(draw, made)
    route["to"] = route["to"].replace(":8080", "-gone:8080")
    return "R09"


def route_outside_of_the_zone(draw: Draw, made: Made) -> str:
    key, route = some_route(draw, made)
    outside = key.replace("example.com", "example.net").replace("example.org", "example.net")
    made.system["routes"][outside] = route
    return "R02"


def route_to_the_hosts_network(draw: Draw, made: Made) -> str:
    _, route = some_route(draw, made)
    app, _, rest = route["to"].partition("/")
    service = made.compose[f"{app}.compose.yaml"]["services"][rest.partition(":")[0]]
    service.pop("networks", None)
    service["network_mode"] = "host"
    return "R01"


def remove_the_ingress(draw: Draw, made: Made) -> str:
    _, route = some_route(draw, made)
    host = made.system["apps"][route["to"].partition("/")[0]]["host"]
    del made.system["hosts"][host]["ingress"]
    return "R09"


def take_a_port_twice(draw: Draw, made: Made) -> str:
    app, name, service = some_service(draw, made)
    assume(bool(service.get("ports")))
    services = made.compose[f"{app}.compose.yaml"]["services"]
    host_port = service["ports"][-1].split(":")[-2]
    services[f"{name}x"] = {"image": "x", "ports": [f"127.0.0.1:{host_port}:1"]}
    return "P01"


def take_the_port_of_the_ingress(draw: Draw, made: Made) -> str:
    host = draw(st.sampled_from(sorted(made.system["hosts"])))
    assume("ingress" in made.system["hosts"][host])
    made.system["apps"]["thief"] = {"host": host, "compose": "thief.compose.yaml"}
    thief = {"image": "x", "ports": ["443:443"]}
    made.compose["thief.compose.yaml"] = {"services": {"thief": thief}}
    return "P01"


def start_first_with_ports(draw: Draw, made: Made) -> str:
    _, _, service = some_service(draw, made)
    assume(bool(service.get("ports")))
    service["deploy"] = {"update_config": {"order": "start-first"}}
    return "G04"


def close_all_networks(draw: Draw, made: Made) -> str:
    app, _, service = some_service(draw, made)
    assume(bool(service.get("ports")))
    networks = made.compose[f"{app}.compose.yaml"]["networks"]
    for name in service.setdefault("networks", ["default"]):
        networks[name] = {"internal": True}
    return "N04"


def overlap_subnets(draw: Draw, made: Made) -> str:
    host = draw(st.sampled_from(sorted(made.system["hosts"])))
    subnets = [("one", "10.1.0.0/16"), ("two", "10.1.2.0/24")]
    for name, subnet in subnets:
        made.system["apps"][name] = {"host": host, "compose": f"{name}.compose.yaml"}
        made.compose[f"{name}.compose.yaml"] = {
            "services": {"x": {"image": "x", "networks": ["net"]}},
            "networks": {"net": {"ipam": {"config": [{"subnet": subnet}]}}},
        }
    return "N07"


def give_a_name_twice(draw: Draw, made: Made) -> str:
    app, name, service = some_service(draw, made)
    service["container_name"] = "taken"
    twin = {"image": "x", "container_name": "taken"}
    made.compose[f"{app}.compose.yaml"]["services"][f"{name}x"] = twin
    return "N10"


def place_on_no_host(draw: Draw, made: Made) -> str:
    key = draw(st.sampled_from(sorted(made.system["apps"])))
    made.system["apps"][key]["host"] = "nowhere"
    return "R09"


def flow_to_nobody(draw: Draw, made: Made) -> str:
    made.system["flows"].append("internet -> nobody")
    return "R09"


@pytest.mark.parametrize(
    "mutate",
    [
        drop_a_network,
        drop_a_volume,
        drop_a_secret,
        drop_a_service_that_is_waited_for,
        drop_a_health_check,
        close_a_circle,
        wait_for_oneself,
        route_to_the_wrong_port,
        route_to_nowhere,
        route_outside_of_the_zone,
        route_to_the_hosts_network,
        remove_the_ingress,
        take_a_port_twice,
        take_the_port_of_the_ingress,
        start_first_with_ports,
        close_all_networks,
        overlap_subnets,
        give_a_name_twice,
        place_on_no_host,
        flow_to_nobody,
    ],
)
def test_what_breaks_a_system_is_found(root: Path, mutate: Callable[[Draw, Made], str]) -> None:
    @settings(max_examples=8, suppress_health_check=[HealthCheck.filter_too_much])
    @given(systems(), st.data())
    def found(made: Made, data: st.DataObject) -> None:
        rule = mutate(data.draw, made)
        assert rule in {finding.rule for finding in check(graph(root, made))}

    found()
