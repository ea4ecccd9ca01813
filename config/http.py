"""What an ingress and the edge do with a route's requests and answers, besides passing them on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from config.base import Model
from config.units import Duration, Label, format_duration, shown

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_ORIGIN = re.compile(
    r"https?://([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?(:[0-9]{1,5})?"
)
_PAGE = re.compile(r"/[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_HEALTH_PATH = re.compile(r"/[A-Za-z0-9._~/=&?%+-]*")
_STATUS = re.compile(r"[45]([0-9][0-9]|xx)")

ANY_ORIGIN = "*"
MAX_HEADER = 4096
"""Longest value of a header, in bytes; proxies and browsers take 8 KiB for all of them."""

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

_OWN = {
    **dict.fromkeys(
        (
            *("connection", "content-encoding", "content-length", "date", "keep-alive"),
            *("proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade"),
        ),
        "belongs to the connection, not to the answer; remove it",
    ),
    "alt-svc": "says where HTTP/3 answers, and none does; remove it",
    "cache-control": "is what cache says; write cache",
    "content-type": "is what the answer is; let the service say it",
    "location": "is what a redirect says; write a route with redirect",
    "set-cookie": "would give every caller the same cookie; let the service set it",
    "www-authenticate": "asks for a password; write access: {basic_auth: NAME}",
}


def _within(least: timedelta, most: timedelta, what: str) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if not least <= value <= most or value.total_seconds() % 1:
            msg = (
                f"{format_duration(value)} cannot be {what}; give whole seconds from "
                f"{format_duration(least)} to {format_duration(most)}"
            )
            raise ValueError(msg)
        return value

    return AfterValidator(check)


_SECOND, _DAY, _YEAR = timedelta(seconds=1), timedelta(days=1), timedelta(days=366)


class Cache(Model):
    """How long an answer may be kept, by Cloudflare (``edge``) and by browsers (``browser``).

    A part that is not given is what the service itself says. 0 s is: not at all.
    """

    edge: Annotated[Duration, _within(timedelta(), _YEAR, "how long the edge keeps it")] | None = (
        None
    )
    browser: (
        Annotated[Duration, _within(timedelta(), _YEAR, "how long browsers keep it")] | None
    ) = None

    @model_validator(mode="after")
    def _says_something(self) -> Cache:
        if self.edge is None and self.browser is None:
            msg = "cache says nothing; give edge, browser or both, or write off or static"
            raise ValueError(msg)
        return self

    def __str__(self) -> str:
        parts = (("edge", self.edge), ("browser", self.browser))
        return ", ".join(f"{name} {format_duration(at)}" for name, at in parts if at is not None)


def _known_cache(value: object) -> object:
    if value in ("off", "static") or isinstance(value, Mapping | Cache):
        return value
    msg = f"cache {shown(value)} is unknown; use off, static or {{edge: TIME, browser: TIME}}"
    raise ValueError(msg)


CacheField = Annotated[
    Annotated[Literal["off", "static"], Tag("word")] | Annotated[Cache, Tag("times")],
    Discriminator(lambda value: "word" if isinstance(value, str) else "times"),
    BeforeValidator(_known_cache),
]


class RateLimit(Model):
    """How many requests one client address may make in a period."""

    requests: Annotated[int, Field(ge=1, le=1_000_000)]
    per: Annotated[Duration, _within(_SECOND, _DAY, "a period of a rate limit")]

    def __str__(self) -> str:
        return f"{self.requests} in {format_duration(self.per)}"


def _origin(text: str) -> str:
    if text != ANY_ORIGIN and not _ORIGIN.fullmatch(text):
        msg = (
            f"{text!r} is not an origin; write one like https://app.example.com, in lower case and "
            "without a path, or '*'"
        )
        raise ValueError(msg)
    return text


def _header_name(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        msg = f"{text!r} is not the name of a header; use letters, digits and hyphens"
        raise ValueError(msg)
    return text


def _own_header(text: str) -> str:
    name = _header_name(text).lower()
    if name.startswith("access-control-"):
        msg = f"{text} is what cors says; write cors"
        raise ValueError(msg)
    if name in _OWN:
        msg = f"{text} {_OWN[name]}"
        raise ValueError(msg)
    return text


def _header_value(text: str) -> str:
    if not _VALUE.fullmatch(text) or len(text) > MAX_HEADER:
        msg = (
            f"{shown(text)} cannot be the value of a header; write one line of printable ASCII, "
            f"{MAX_HEADER} characters at most"
        )
        raise ValueError(msg)
    # Caddy fills in {placeholders} and nginx $variables: they could tell the environment.
    if set(text) & set("{}$\\`"):
        msg = (
            f"{text!r} cannot be the value of a header; leave out braces, $, ` and \\, which a "
            "proxy would fill in or escape"
        )
        raise ValueError(msg)
    return text


HeaderName = Annotated[str, AfterValidator(_header_name)]


def one_spelling(headers: dict[str, str | None]) -> dict[str, str | None]:
    """Give headers back; a ``ValueError`` when one is there twice, for case means nothing."""
    seen: dict[str, str] = {}
    for name in headers:
        first = seen.setdefault(name.lower(), name)
        if first != name:
            msg = f"{first} and {name} are one header; keep one of them"
            raise ValueError(msg)
    return headers


Headers = Annotated[
    dict[
        Annotated[str, AfterValidator(_own_header)],
        Annotated[str, AfterValidator(_header_value)] | None,
    ],
    AfterValidator(one_spelling),
]
"""Headers of the answers by name: the value that is set, or null where it is removed."""


class Cors(Model):
    """Which other origins' pages may call (CORS). The ingress alone answers for it.

    What the service itself says of it is removed, for a header that is there twice is refused by
    browsers. ``max_age`` is how long a browser remembers the answer.
    """

    origins: tuple[Annotated[str, AfterValidator(_origin)], ...]
    methods: tuple[Method, ...] = ("GET", "HEAD", "POST")
    headers: tuple[HeaderName, ...] = ()
    expose: tuple[HeaderName, ...] = ()
    credentials: bool = False
    max_age: (
        Annotated[Duration, _within(timedelta(), _DAY, "how long CORS is remembered")] | None
    ) = None

    @model_validator(mode="after")
    def _for_somebody(self) -> Cors:
        if not self.origins:
            msg = "cors names no origin, so no page may call; name one, or remove cors"
            raise ValueError(msg)
        if ANY_ORIGIN in self.origins:
            if self.credentials:
                msg = (
                    "'*' with credentials would let any page act as whoever is signed in; name "
                    "the origins, or remove credentials"
                )
                raise ValueError(msg)
            if len(self.origins) > 1:
                msg = "'*' is every origin already; keep it alone, or remove it"
                raise ValueError(msg)
        return self

    @property
    def anyone(self) -> bool:
        """Whether every origin may call."""
        return ANY_ORIGIN in self.origins


def _health_path(text: str) -> str:
    if not _HEALTH_PATH.fullmatch(text):
        msg = f"{text!r} is not a path to ask; write one like /healthz"
        raise ValueError(msg)
    return text


class UpstreamHealth(Model):
    """How an ingress asks the service itself whether it works; 2xx is yes.

    A service that does not is answered for with 503 until it does.
    """

    path: Annotated[str, AfterValidator(_health_path)]
    interval: Annotated[Duration, _within(_SECOND, _DAY, "an interval")] = timedelta(seconds=30)
    timeout: Annotated[Duration, _within(_SECOND, _DAY, "a timeout")] = timedelta(seconds=5)

    @model_validator(mode="after")
    def _answers_in_time(self) -> UpstreamHealth:
        if self.timeout > self.interval:
            msg = (
                f"timeout {format_duration(self.timeout)} is longer than interval "
                f"{format_duration(self.interval)}; shorten it"
            )
            raise ValueError(msg)
        return self


def _status(value: object) -> object:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _STATUS.fullmatch(text):
        msg = f"{shown(value)} is no status of an error; write one like 502, 4xx or 5xx"
        raise ValueError(msg)
    return text


def _page(text: str) -> str:
    if not _PAGE.fullmatch(text):
        msg = f"{text!r} is not a page of the site; write one like /down.html"
        raise ValueError(msg)
    return text


def _pages(pages: dict[str, str]) -> dict[str, str]:
    if not pages:
        msg = 'errors has no pages; write one like "502": /down.html'
        raise ValueError(msg)
    return pages


_PAGES_SCHEMA: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": f"^{_STATUS.pattern}$"},
    "additionalProperties": {"type": "string"},
}


class ErrorPages(Model):
    """Pages of a site that stand for the errors of the ingress itself, like 502.

    ``pages`` are by status, or by class (``5xx``) for the others of it. What a service answers
    itself passes unchanged. ``site`` is on the ingress's host; a route to a site has its own.
    """

    site: Label | None = None
    pages: Annotated[
        dict[
            Annotated[str, BeforeValidator(_status)],
            Annotated[str, AfterValidator(_page)],
        ],
        AfterValidator(_pages),
        WithJsonSchema(_PAGES_SCHEMA),
    ]
