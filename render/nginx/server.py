"""Servers: the virtual host of a name, port 80, and what every server of ours shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graph.model import Ingress, Route, StackGraph
from render.caddy import origin_pulls_name
from render.caddy.access import told_apart
from render.nginx import headers
from render.nginx.access import edge_geo, limit_zone, past_the_edge_maps
from render.nginx.location import locations
from render.nginx.paths import ODD, odd_map, specificity, stripped
from render.nginx.place import (
    AUTHORITIES,
    CHALLENGE_PATH,
    CHALLENGES,
    certificate,
    listens,
    tag,
)
from render.nginx.syntax import (
    DOLLAR,
    Comment,
    Directive,
    Node,
    Pattern,
    Text,
    block,
    line,
    marshal,
)

LOG_FORMAT = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" $host $request_time'
)
"""nginx's own format, which tools read, and behind it the name and the time that it took."""

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
COMPRESSED = (
    *("text/plain", "text/css", "text/javascript", "text/xml", "application/javascript"),
    *("application/json", "application/manifest+json", "application/xml", "application/wasm"),
    *("image/svg+xml", "font/ttf", "font/otf"),
)
LONG_NAME = 40
"""Names that are longer need more room in nginx's table of names, of 64 bytes each."""


def _note(ingress: Ingress) -> Comment:
    return Comment(f"Made by stackgraph for {ingress.logical_name}. Changes here are overwritten.")


def shared(graph: StackGraph, ingress: Ingress, names: Mapping[str, list[Route]]) -> str:
    """Render what stands above all servers: maps and zones, under names of our own.

    Settings that the host's nginx.conf may have as well stand in our servers instead.
    """
    routes = [route for of_name in names.values() for route in of_name]
    nodes: list[Node] = [
        _note(ingress),
        line("log_format", "stackgraph", Text(LOG_FORMAT)),
    ]
    if any(len(name) > LONG_NAME for name in names) or len(names) > 200:
        nodes.append(line("server_names_hash_bucket_size", "512"))
        nodes.append(line("server_names_hash_max_size", "4096"))
    nodes.append(block("geo", Text(f"${DOLLAR}"), of=[line("default", Text("$"))]))
    nodes += [
        _map("$http_upgrade", "$stackgraph_upgrade", "", (Pattern("~*^websocket\\z"), "websocket")),
        _map("$stackgraph_upgrade", "$stackgraph_connection", "", ("websocket", "upgrade")),
    ]
    if any(told_apart(of_name) for of_name in names.values()):
        nodes.append(odd_map())
    if any(route.security_headers for route in routes):
        nodes += headers.security_maps()
    if ingress.edge:
        nodes.append(edge_geo(ingress))
    for route in routes:
        nodes += _of_route(graph, ingress, route)
    return marshal(nodes)


def _map(of: str, to: str, default: str, *rows: tuple[str | Pattern, str]) -> Directive:
    return block(
        *("map", Text(of), Text(to)),
        of=[line("default", default), *(Directive(row) for row in rows)],
    )


def _of_route(graph: StackGraph, ingress: Ingress, route: Route) -> Iterator[Node]:
    zone, cached = limit_zone(route), headers.cache_map(graph, route, tag(route))
    path = stripped(route, f"{tag(route)}_path") if route.strip_prefix else None
    yield from (each for each in (zone, cached, path) if each is not None)
    yield from headers.cors_maps(route, tag(route))
    yield from past_the_edge_maps(ingress, route)


def door(ingress: Ingress, names: Mapping[str, list[Route]]) -> str:
    """Render port 80, and the servers that refuse whatever name is not ours."""
    unknown = [line("server_name", ""), line("server_tokens", "off"), line("access_log", "off")]
    challenge = block(
        *("location", "^~", CHALLENGE_PATH),
        of=[
            line("root", CHALLENGES),
            line("default_type", "text/plain"),
            line("try_files", Text("$uri"), "=404"),
        ],
    )
    to = "https://$host" + ("" if ingress.https_port == 443 else f":{ingress.https_port}")
    away = block("location", "/", of=[line("return", "308", Text(f"{to}$request_uri"))])
    servers: list[Node] = [
        _note(ingress),
        block(
            "server",
            of=[
                *_listens(ingress, "default_server", tls=False),
                *unknown,
                line("return", "404"),
            ],
        ),
        block(
            "server",
            of=[
                *_listens(ingress, "default_server", tls=True),
                *unknown,
                *_tls(),
                line("ssl_reject_handshake", "on"),
                line("return", "404"),
            ],
        ),
    ]
    if names:
        of_ours = [
            *_listens(ingress, tls=False),
            line("server_name", *names),
            *_common(),
            challenge,
            away,
        ]
        servers.append(block("server", of=of_ours))
    return marshal(servers)


def virtual_host_text(graph: StackGraph, ingress: Ingress, name: str, routes: list[Route]) -> str:
    """Render the virtual host of a name: its certificate, and a location for each route."""
    within: list[Node] = [
        *_listens(ingress, tls=True),
        line("server_name", name),
        line("ssl_certificate", f"{certificate(name)}/fullchain.pem"),
        line("ssl_certificate_key", f"{certificate(name)}/privkey.pem"),
        *_tls(),
        *_common(),
        *_client(ingress, routes),
        *_edge_only(graph, ingress, routes),
        line("client_max_body_size", "0"),
        *_gzip(),
        line("proxy_http_version", "1.1"),
        line("proxy_connect_timeout", "5s"),
        # Each piece goes on as it comes, both ways: events, large uploads, no room on a disk.
        line("proxy_buffering", "off"),
        line("proxy_request_buffering", "off"),
        line("proxy_redirect", "off"),
        line("proxy_ignore_headers", "X-Accel-Redirect", "X-Accel-Expires"),
    ]
    if told_apart(routes):
        within.append(block("if", Text(f"({ODD})"), of=[line("return", "400")]))
    for route in sorted(routes, key=specificity):
        within += locations(graph, ingress, route)
    if all(route.path for route in routes):
        within.append(block("location", "/", of=[line("return", "404")]))
    return marshal([_note(ingress), block("server", of=within)])


def _listens(ingress: Ingress, *words: str, tls: bool) -> Iterator[Directive]:
    for tokens in listens(ingress, *words, tls=tls):
        yield line(*tokens)


def _common() -> Iterator[Directive]:
    yield line("server_tokens", "off")
    yield line("access_log", "/var/log/nginx/access.log", "stackgraph")


def _tls() -> Iterator[Directive]:
    yield line("ssl_protocols", "TLSv1.2", "TLSv1.3")
    yield line("ssl_ciphers", CIPHERS)
    yield line("ssl_prefer_server_ciphers", "off")
    yield line("ssl_session_cache", "shared:stackgraph:10m")
    yield line("ssl_session_timeout", "1d")
    yield line("ssl_session_tickets", "off")


def _client(ingress: Ingress, routes: list[Route]) -> Iterator[Directive]:
    """Behind Cloudflare, the client is who Cloudflare says it is, if it is Cloudflare's saying."""
    if ingress.edge and any(route.proxied for route in routes):
        for network in ingress.edge:
            yield line("set_real_ip_from", network)
        yield line("real_ip_header", "CF-Connecting-IP")


def _edge_only(graph: StackGraph, ingress: Ingress, routes: list[Route]) -> Iterator[Directive]:
    """Answer the edge alone, by the certificate that it shows, where the zone says so."""
    names = {origin_pulls_name(graph, ingress, route) for route in routes} - {None}
    for name in sorted(map(str, names))[:1]:
        yield line("ssl_client_certificate", f"{AUTHORITIES}/{name}.pem")
        yield line("ssl_verify_client", "on")


def _gzip() -> Iterator[Directive]:
    yield line("gzip", "on")
    yield line("gzip_vary", "on")
    yield line("gzip_proxied", "any")
    yield line("gzip_min_length", "512")
    yield line("gzip_types", *COMPRESSED)
