"""What a running stack is asked for: the names that it declares, each once, and no others."""

from __future__ import annotations

from pathlib import Path

from graph.live.names import live_names
from graph.live.resolving import Answer, Status
from graph.live.serving import Visit, visit
from graph.records import target_of
from tests.graph.test_records import MESH, made

ROUTES = """\
  a.example.com: {to: web/front:8080}
  a.example.com/api/*: {to: web/front:8080, access: mesh}
  m.example.com: {to: web/front:8080, access: mesh}
  a.example.org: {to: web/front:8080}"""
ZONE = "{provider: external, records: {sip.example.com: {host: vps, purpose: SIP}}}"


def found(*addresses: str, aliases: tuple[str, ...] = ()) -> Answer:
    return Answer(status=Status.FOUND, addresses=addresses, aliases=aliases)


def test_names_that_are_asked_for(tmp_path: Path) -> None:
    graph = made(tmp_path, routes=ROUTES, zone=ZONE, mesh=MESH, mesh_address="100.64.0.1")
    names = live_names(graph)
    assert [(name.asked, name.public, name.issuer) for name in names] == [
        ("a.example.com", True, "letsencrypt.org"),
        ("m.example.com", True, "letsencrypt.org"),
        ("sip.example.com", True, None),
    ]
    assert [sorted(name.mesh_addresses) for name in names] == [["100.64.0.1"], ["100.64.0.1"], []]
    assert names[0].source.path == "routes.a.example.com"
    assert names[2].source.path == "zones.example.com.records.sip.example.com"


def test_a_name_that_is_not_to_be_public_is_asked_for_too(tmp_path: Path) -> None:
    graph = made(
        tmp_path,
        routes="  m.example.com: {to: web/front:8080, access: mesh}",
        mesh=MESH,
        ingress=", certificates: internal",
        mesh_address="100.64.0.1",
    )
    (name,) = live_names(graph)
    assert (name.public, name.issuer, name.hosts) == (False, None, ("host:shop/vps",))


def test_dev_has_no_names_in_dns(tmp_path: Path) -> None:
    assert live_names(made(tmp_path, stack="dev")) == ()


def test_addresses_that_are_given_are_taken(tmp_path: Path) -> None:
    graph = made(tmp_path)
    given = {"host:shop/vps": (target_of("203.0.113.9"),)}
    assert [name.targets for name in live_names(graph, given)] == [given["host:shop/vps"]]


def test_what_is_proxied_proves_nothing_to_an_issuer(tmp_path: Path) -> None:
    graph = made(tmp_path, zone="{provider: cloudflare, proxied: true}")
    assert [(name.proxied, name.issuer) for name in live_names(graph)] == [(True, None)]


def test_where_a_name_is_visited(tmp_path: Path) -> None:
    graph = made(tmp_path, routes=ROUTES, zone=ZONE, mesh=MESH, mesh_address="100.64.0.1")
    a, m, sip = live_names(graph)
    api = {"route:shop/a.example.com/api/*": "/api/"}
    own = "192.0.2.10"
    assert visit(a, found(own)) == Visit(name=a.asked, at=own, guarded_at=own, guarded=api)
    # From inside of the mesh: strangers come to the public address.
    inside = visit(m, found("100.64.0.1"))
    assert inside is not None
    assert (inside.at, inside.guarded_at) == ("100.64.0.1", own)
    # Somebody else's machine is not asked, and what no ingress serves is not HTTP.
    assert visit(a, found("203.0.113.66")) is None
    assert visit(a, Answer(status=Status.FAILED)) is None
    assert visit(sip, found(own)) is None


def test_where_proxied_and_aliased_names_are_visited(tmp_path: Path) -> None:
    (proxied,) = live_names(made(tmp_path / "1", zone="{provider: cloudflare, proxied: true}"))
    assert visit(proxied, found("192.0.2.10")) is None
    edge = visit(proxied, found("104.16.0.1"))
    assert edge is not None
    assert edge.at == "104.16.0.1"
    (aliased,) = live_names(made(tmp_path / "2", address="vps.example.net"))
    assert visit(aliased, found("203.0.113.5")) is None
    led = visit(aliased, found("203.0.113.5", aliases=("vps.example.net",)))
    assert led is not None
    assert led.at == "203.0.113.5"
