"""Requests that any ingress must answer alike: who is let in, by which spelling, and as whom.

The table follows from `graph.reach`: for each route, callers from the places that it tells of, and
callers from all others; what they forge, and odd spellings of its path. Places that no test can
call from (the mesh, Cloudflare) are addresses of loopback here: `on_loopback` moves a graph there,
and an ingress that is rendered from it is asked with `send`, of whatever make it is.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from config.access import Access
from graph.model import Ingress, Route, StackGraph
from graph.reach import PlaceKind, Way, route_ways

EDGE, ELSEWHERE, MESH = "127.1.0.1", "127.3.0.1", "127.4.0.1"
"""Cloudflare's address, one that nobody admits, and that of a member of the mesh."""

VISITOR = "203.0.113.9"
"""Who calls Cloudflare from anywhere."""

PASSED = frozenset({200, 301, 302, 307, 308})
STOPPED = frozenset({400, 401, 403, 404, 405, 421})
CREDENTIALS = {"Authorization": "Basic YW5uOmxldCBtZSBpbg=="}
HASH = "$2b$04$abcdefghijklmnopqrstuuTnc8amReAFiMHxaSoW9U22KarbWnkSm"
"""Of ann, "let me in", at the least cost that bcrypt has."""

FORGED = (
    *("X-Forwarded-For", "X-Real-IP", "True-Client-IP", "X-Client-IP", "CF-Connecting-IP"),
    *("X-Forwarded", "X-Cluster-Client-IP", "Client-IP"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request for a route: to whom it is (``name``), from where (``source``), spelled how.

    ``host`` is the Host header where it is not the name, ``target`` the request line's.
    """

    name: str
    target: str
    source: str
    headers: Mapping[str, str] = field(default_factory=dict)
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, its headers with lower-case names, its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def seen(self) -> dict[str, Any] | None:
        """What the service behind the ingress was asked; None where it was not."""
        if not self.body.startswith(b'{"served by"'):
            return None
        data: dict[str, Any] = json.loads(self.body)
        return data


Send = Callable[[Request], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request, and what must come back: one of some statuses; ``client`` is whom it is told of.

    A case that is stopped must not have reached the service at all.
    """

    why: str
    request: Request
    expected: frozenset[int]
    client: str | None = None

    def check(self, send: Send) -> str | None:
        """Send it; tell what is wrong with the answer, if anything is."""
        reply = send(self.request)
        told = f"{self.why}: {self.request}: {reply.status}"
        if reply.status not in self.expected:
            return f"{told}, not one of {sorted(self.expected)}"
        if self.expected <= STOPPED and reply.seen is not None:
            return f"{told}, and the service was asked"
        if self.client is not None and reply.seen is not None:
            headers = reply.seen["headers"]
            for name in ("x-forwarded-for", "x-real-ip"):
                if headers.get(name) != self.client:
                    return f"{told}, and the service was told {name}: {headers.get(name)}"
        return None


def on_loopback(
    graph: StackGraph, ingress: Ingress, *, ports: tuple[int, int], service: int, sites: Path
) -> tuple[StackGraph, Ingress]:
    """Give the same graph and ingress with addresses of loopback, one for each network.

    Every service is the one that listens on the port ``service``, the directories of sites are
    below ``sites``, and certificates are the ingress's own.
    """
    routed = graph.routes.values()
    networks = sorted({n for r in routed for n in (*(r.sources or ()), *(r.access.allow or ()))})
    here = {n: f"127.2.0.{index}/32" for index, n in enumerate(networks, 1)}
    here |= dict.fromkeys(graph.edge_networks, f"{EDGE}/32")
    here |= {mesh.cidr: f"{MESH}/32" for mesh in graph.meshes.values()}
    own = replace(
        ingress,
        http_port=ports[0],
        https_port=ports[1],
        certificates="internal",
        edge=(f"{EDGE}/32",) if ingress.edge else (),
    )
    routes = {id_: _moved(route, here, service) for id_, route in graph.routes.items()}
    found = {
        id_: replace(site, spec=site.spec.model_copy(update={"path": str(sites / site.key)}))
        for id_, site in graph.sites.items()
    }
    for site in found.values():
        folder = Path(site.spec.path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text("a page")
    moved = replace(
        graph,
        routes=routes,
        sites=found,
        ingresses={**graph.ingresses, ingress.id: own},
        edge_networks=frozenset({f"{EDGE}/32"}),
        _index={},
    )
    return moved, own


def _moved(route: Route, here: Mapping[str, str], service: int) -> Route:
    answers = bool(route.service or route.process)
    return replace(
        route,
        sources=None if route.sources is None else tuple(here[n] for n in route.sources),
        access=_access_moved(route.access, here),
        upstream=f"127.0.0.1:{service}" if answers else None,
        upstream_file=None,
        port=service if answers else None,
    )


def _access_moved(access: Access, here: Mapping[str, str]) -> Access:
    allow = None if access.allow is None else tuple(here[n] for n in access.allow)
    return access.model_copy(update={"allow": allow})


def cases(graph: StackGraph, ingress: Ingress) -> Iterator[Case]:
    """Give the table of an ingress, of a graph that is `on_loopback`."""
    routes = graph.routes_of(ingress)
    for route in routes:
        if route.name.startswith("*."):
            continue
        callers = _Callers.of(graph, ingress, route)
        beside = [other for other in routes if other.name == route.name and other is not route]
        yield from _callers(callers)
        yield from _forgers(callers)
        yield from _spellings(callers, beside)
        yield from _names(callers)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Callers:
    """Who calls a route: requests that reach says are let in, and requests that it says are not.

    Those that are let in come with the address that the service is told, and whether a password
    is asked for. ``behind``: Cloudflare is believed whom it calls for.
    """

    ingress: Ingress
    route: Route
    behind: bool
    admitted: tuple[tuple[Request, str, bool], ...]
    refused: tuple[Request, ...]

    @classmethod
    def of(cls, graph: StackGraph, ingress: Ingress, route: Route) -> _Callers:
        """Read them from a route's reach."""
        ways = route_ways(graph, route)
        behind = bool(ingress.edge) and route.proxied
        return cls(
            ingress=ingress,
            route=route,
            behind=behind,
            admitted=tuple(each for way in ways for each in _by(way, route)),
            refused=tuple(_strangers(graph, route, {way.place.kind for way in ways}, behind)),
        )


def _path(route: Route) -> str:
    """Give a path that only this route answers."""
    if route.path.endswith("*"):
        return f"{route.path[:-1]}probe"
    return route.path or ("/" if route.site else "/probe-of-the-name")


def _ask(route: Route, source: str, **headers: str) -> Request:
    given = {**headers, **(CREDENTIALS if route.access.basic_auth else {})}
    return Request(name=route.name, target=_path(route), source=source, headers=given)


def _by(way: Way, route: Route) -> Iterator[tuple[Request, str, bool]]:
    """Give requests that come one way, each with the address that the service is told."""
    kind, named = way.place.kind, way.place.name.partition("/")[0]
    if kind is PlaceKind.CLOUDFLARE:
        yield _through_the_edge(route, VISITOR), VISITOR, way.password
        return
    address = {PlaceKind.INTERNET: ELSEWHERE, PlaceKind.MESH: MESH, PlaceKind.ADDRESSES: named}[
        kind
    ]
    if not _by_tunnel(way):
        yield _ask(route, address), address, way.password
    if way.hops[0] == "cloudflare":
        yield _through_the_edge(route, address), address, way.password


def _by_tunnel(way: Way) -> bool:
    """Whether a way leads by a tunnel, past which nobody comes."""
    return any(hop.startswith("tunnel:") for hop in way.hops)


def _through_the_edge(route: Route, client: str) -> Request:
    request = _ask(route, EDGE)
    return replace(request, headers={**request.headers, "CF-Connecting-IP": client})


def _strangers(
    graph: StackGraph, route: Route, kinds: set[PlaceKind], behind: bool
) -> Iterator[Request]:
    """Give requests from every place that reach does not tell of."""
    if PlaceKind.INTERNET in kinds:
        return
    yield _ask(route, ELSEWHERE)
    if any(map(_by_tunnel, route_ways(graph, route))):
        yield from (_ask(route, each.partition("/")[0]) for each in route.access.allow or ())
    if graph.meshes and PlaceKind.MESH not in kinds:
        yield _ask(route, MESH)
    allowed = {n.partition("/")[0] for n in route.access.allow or ()}
    for network in sorted({n for r in graph.routes.values() for n in r.access.allow or ()}):
        address = network.partition("/")[0]
        if address not in allowed | {EDGE, MESH}:
            yield _ask(route, address)
    if PlaceKind.CLOUDFLARE not in kinds and EDGE not in allowed:
        yield _ask(route, EDGE)
        if behind:
            yield _through_the_edge(route, VISITOR)


def _callers(callers: _Callers) -> Iterator[Case]:
    route = callers.route
    for request, client, password in callers.admitted:
        yield Case(why=f"{route.address} admits", request=request, expected=PASSED, client=client)
        if password:
            bare = {n: v for n, v in request.headers.items() if n != "Authorization"}
            yield Case(
                why=f"{route.address} asks for a password",
                request=replace(request, headers=bare),
                expected=frozenset({401}),
            )
    for request in callers.refused:
        yield Case(why=f"{route.address} refuses", request=request, expected=frozenset({403}))


def _forgers(callers: _Callers) -> Iterator[Case]:
    """Who may not claims to be who may; and who may, to be another."""
    route = callers.route
    for request in callers.refused:
        for header in FORGED:
            if callers.behind and request.source == EDGE and header == "CF-Connecting-IP":
                continue  # Cloudflare is believed
            forged = {**request.headers, header: callers.admitted[0][1]}
            yield Case(
                why=f"{route.address} refuses who forges {header}",
                request=replace(request, headers=forged),
                expected=frozenset({403}),
            )
    for request, client, _ in callers.admitted:
        for header in FORGED:
            if callers.behind and request.source == EDGE and header == "CF-Connecting-IP":
                continue
            forged = {**request.headers, header: "198.51.100.66"}
            yield Case(
                why=f"{route.address} does not tell the service what {header} claims",
                request=replace(request, headers=forged),
                expected=PASSED,
                client=client,
            )


def _spellings(callers: _Callers, beside: list[Route]) -> Iterator[Case]:
    """Odd spellings of a path: no detour by a more open path leads to it."""
    route = callers.route
    path = _path(route)
    first, letter = path[1:2], path[1:2] or "x"
    odd = [
        f"/{path}",
        f"//{path}",
        f"/.{path}",
        f"/%2e{path}",
        f"/%2E{path}",
        f"/x/..{path}",
        f"/x/%2e%2e{path}",
        f"/x/.%2e{path}",
        f"/x%2f..{path}",
        f"/x/..%2f{path[1:]}",
        f"/x/..;{path}",
        f"/x\\..{path}",
        f"/x/..%5c{path[1:]}",
        f"/;a=b{path}",
        f"{path}/.",
        f"{path}/..",
        f"{path};a=b",
        f"{path}%00",
        path.upper(),
        f"/%{ord(letter):02x}{path[2:]}" if first else path,
        f"{path}?../..",
    ]
    for other in beside:
        door = other.path.rstrip("*").rstrip("/") or ""
        odd += [
            f"{door}/..{path}",
            f"{door}/../..{path}",
            f"{door}/%2e%2e{path}",
            f"{door}/..%2f{path[1:]}",
            f"{door}%2f..{path}",
            f"{door}//..{path}",
            f"{door}/.//..{path}",
            f"/{door}{path}",
        ]
    for request in callers.refused:
        if request.source != ELSEWHERE and (request.source != EDGE or request.headers):
            continue
        for target in dict.fromkeys(odd):
            if not _leads_elsewhere(target, beside):
                yield Case(
                    why=f"{route.address} refuses by another spelling",
                    request=replace(request, target=target),
                    expected=STOPPED,
                )
    for request, *_ in callers.admitted:
        for target in dict.fromkeys(odd):
            yield Case(
                why=f"{route.address} answers another spelling",
                request=replace(request, target=target),
                expected=PASSED | STOPPED,
            )


def _leads_elsewhere(target: str, beside: list[Route]) -> bool:
    """Whether a path is plainly another route's: with nothing odd about it."""
    plain = target.partition("?")[0]
    if any(each in plain.lower() for each in ("//", "%", "/.", ";", "\\")):
        return False
    return any(
        (each.path.endswith("*") and plain.startswith(each.path[:-1])) or plain == each.path
        for each in beside
    )


def _names(callers: _Callers) -> Iterator[Case]:
    """Odd ways to say whom a request is for."""
    route = callers.route
    path = _path(route)
    port = callers.ingress.https_port
    hosts = (route.name.upper(), f"{route.name}:{port}", f"{route.name}.", f"{route.name}:1")
    asked = [{"host": host} for host in hosts]
    asked += [
        {"target": f"https://{route.name}{path}"},
        {"target": f"https://{route.name.upper()}:{port}{path}"},
        {"target": f"http://other.example.com{path}"},
        {"target": f"https://{route.name}{path}", "host": "other.example.com"},
    ]
    for each in asked:
        for request in callers.refused:
            yield Case(
                why=f"{route.address} refuses by {each}",
                request=replace(request, **each),  # type: ignore[arg-type]
                expected=STOPPED,
            )
        for request, client, _ in callers.admitted:
            yield Case(
                why=f"{route.address} answers {each}",
                request=replace(request, **each),  # type: ignore[arg-type]
                expected=PASSED | STOPPED,
                client=client,
            )


def over_tls(port: int, trust: ssl.SSLContext) -> Send:
    """Give how an ingress on loopback is asked: a connection for each request."""

    def send(request: Request) -> Reply:
        raw = socket.create_connection(
            ("127.0.0.1", port), timeout=20, source_address=(request.source, 0)
        )
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with trust.wrap_socket(raw, server_hostname=request.name) as connection:
            lines = [
                f"GET {request.target} HTTP/1.1",
                f"Host: {request.host or request.name}",
                *(f"{name}: {value}" for name, value in request.headers.items()),
                "Connection: close",
            ]
            connection.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
            answer = http.client.HTTPResponse(connection, method="GET")
            answer.begin()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, headers, answer.read())

    return send
