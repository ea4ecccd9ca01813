"""Error pages: a site's pages for the errors that Caddy itself answers with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graph.model import ErrorPages, Ingress, Route, StackGraph
from render.caddy.names import site_directory
from render.caddyfile import Directive, block, line

MARK = "errors"
"""The variable of a request that says whose error pages it gets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A page (a file of a site) for a status of a route, or for a class of them."""

    route: str
    site: str
    status: str
    file: str


def refuse(route: Route, matcher: str, status: int) -> Directive:
    """Answer with a status whom a matcher finds; with a page, where the route has one for it."""
    return line("error" if _page(route.errors, status) else "respond", matcher, str(status))


def marks(route: Route) -> Iterator[Directive]:
    """Note at a request which pages its errors have: the path may be rewritten until then."""
    if route.errors is not None:
        yield line("vars", MARK, route.address)


def error_pages(
    graph: StackGraph, ingress: Ingress, routes: Sequence[Route]
) -> Iterator[Directive]:
    """Give the error pages of a name: exact statuses before classes, for each route its own."""
    handles = []
    for number, page in enumerate(_entries(routes), 1):
        matcher = f"@error_{number}"
        asked = f"{{err.status_code}} == {page.status}"
        if page.status.endswith("xx"):
            least = int(page.status[0]) * 100
            asked = f"{{err.status_code}} >= {least} && {{err.status_code}} <= {least + 99}"
        matched = [line("vars", MARK, page.route), line("expression", asked)]
        handles.append(block(matcher, of=matched))
        handles.append(block("handle", matcher, of=_answer(graph, ingress, page)))
    if handles:
        yield block("handle_errors", of=handles)


def _answer(graph: StackGraph, ingress: Ingress, page: _Page) -> list[Directive]:
    site = graph.sites[page.site]
    # It tells of a moment.
    fresh = line("header", "Cache-Control", "no-store")
    if site.id not in ingress.sites:
        said = f"stand-in for {page.file} of site {site.key}"
        return [fresh, line("respond", said, "{err.status_code}")]
    steps = [fresh, line("root", "*", site_directory(site)), line("rewrite", "*", page.file)]
    return [block("route", of=[*steps, line("file_server")])]


def _entries(routes: Sequence[Route]) -> Iterator[_Page]:
    for route in routes:
        if route.errors is not None:
            site = route.errors.site
            for status, page in sorted(route.errors.pages.items()):  # digits sort before x
                yield _Page(route=route.address, site=site, status=status, file=page)


def _page(pages: ErrorPages | None, status: int) -> str | None:
    if pages is None:
        return None
    return pages.pages.get(str(status)) or pages.pages.get(f"{status // 100}xx")
