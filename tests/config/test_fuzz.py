"""Whatever stands in the files: findings, never a traceback."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.document import parse
from graph.rules import RULES
from tests.config.test_oracle import FILES
from tests.workspace import SHOP, Answer, shop, stackgraph

RICH_SYSTEM = """
hosts:
  vps: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB,
        ingress: {kind: caddy, image: caddy, email: a@example.com,
                  certificates: {dns: cloudflare, token: DB_PASSWORD}}}
sites:
  pages: {host: vps, path: /srv/pages, purpose: Pages, fallback: /index.html, immutable: [/a/*]}
apps:
  web: {host: vps, compose: web.compose.yaml, profiles: [a]}
variables:
  GREETING: {purpose: Front page, default: Hello, dev: Hi, stand_in: false}
secrets:
  DB_PASSWORD: {purpose: Database, dev: dev-only}
zones:
  example.com:
    provider: cloudflare
    ssl: strict
    proxied: true
    records: {sip.example.com: {host: vps, purpose: SIP, proxied: false}}
basic_auth:
  docs: {ann: DB_PASSWORD}
routes:
  shop.example.com: {to: web/front:8080, websocket: true, max_body: 1MiB, max_duration: 5s,
                     cache: off, access: {basic_auth: docs, allow: [192.0.2.0/24]},
                     rate_limit: {requests: 5, per: 1m}, headers: {X-Team: blue, Server: null},
                     cors: {origins: ["https://a.example.com"], methods: [GET], headers: [X-A],
                            expose: [X-B], credentials: true, max_age: 1m},
                     health: {path: /healthz, interval: 5s, timeout: 1s},
                     errors: {site: pages, pages: {5xx: /down.html}}}
  shop.example.com/api/*: {to: web/front:8080, strip_prefix: true, cache: {edge: 1h, browser: 1m}}
  www.example.com: {redirect: {to: "https://shop.example.com", status: 301}, host: vps}
externals:
  twilio: {purpose: Calls, integration: SIP}
flows:
  - web/front -> twilio
  - internet -> web/front: {protocol: https, purpose: Shop, soft: true}
"""
COMPOSE = {file.name: parse(file.read_text(encoding="utf-8"), "f").data for file in FILES}
SYSTEM = parse(RICH_SYSTEM, "f").data
STACK = parse(SHOP["Pulumi.prod.yaml"], "f").data

texts = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=20)
odd_texts = texts | st.sampled_from(
    [
        *(
            "",
            " ",
            "$",
            "${",
            "${A",
            "$DB_PASSWORD",
            "x${DB_PASSWORD}",
            "${GREETING:?}",
            "<<",
            "&a",
        ),
        *("0", "-1", "1e999", "9" * 5000, "٣", "²", "..", "/", "//", ":", "::", "[::1", "a:b:c:d"),
        *(
            "1-2-3",
            "80/",
            "/tcp",
            "~",
            "*",
            "\x00",
            "\u2028",
            "x-a",
            "none",
            "true",
            "host-gateway",
        ),
    ]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | odd_texts
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_texts, inner, max_size=3),
    max_leaves=6,
)


def places(data: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Give the path of every value in plain data."""
    found = [at]
    if isinstance(data, dict):
        for key, item in data.items():
            found += places(item, (*at, key))
    if isinstance(data, list):
        for index, item in enumerate(data):
            found += places(item, (*at, index))
    return found


@st.composite
def damaged(draw: st.DrawFn, data: Any) -> Any:
    """Give data with one to three values replaced, removed, or put under another key."""
    data = copy.deepcopy(data)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(data)))
        if not path:
            return draw(anything)
        holder = data
        for key in path[:-1]:
            holder = holder[key]
        what = draw(st.sampled_from(["replace", "remove", "rename"]))
        value = holder.pop(path[-1]) if what != "replace" else draw(anything)
        if what == "replace":
            holder[path[-1]] = value
        elif what == "rename" and isinstance(holder, dict):
            holder[draw(odd_texts)] = value
    return data


def check(root: Path, files: dict[str, Any], stack: str) -> Answer:
    return stackgraph(
        shop(root, {name: json.dumps(data) for name, data in files.items()}),
        *("check", "--stack", stack),
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def answered(answer: Answer) -> bool:
    return answer.exit_code == (0 if not answer.out else answer.exit_code) and (
        answer.exit_code in (0, 1, 2)
    )


def test_what_is_damaged_was_sound(root: Path) -> None:
    said = {
        line.split()[1] for line in check(root, {"system.yaml": SYSTEM}, "dev").out.splitlines()
    }
    # Rules ask for more than such a small system gives; whoever reads its files has no question.
    assert said <= {rule.id for rule in RULES} - {"R09"}


@settings(max_examples=150)
@given(damaged(SYSTEM), st.sampled_from(["dev", "prod"]))
def test_damaged_systems(root: Path, system: Any, stack: str) -> None:
    assert answered(check(root, {"system.yaml": system}, stack))


@settings(max_examples=200)
@given(st.sampled_from(sorted(COMPOSE)).flatmap(lambda name: damaged(COMPOSE[name])))
def test_damaged_compose_files(root: Path, compose: Any) -> None:
    assert answered(check(root, {"web.compose.yaml": compose}, "dev"))


@settings(max_examples=50)
@given(damaged(STACK))
def test_damaged_stack_files(root: Path, stack: Any) -> None:
    assert answered(check(root, {"Pulumi.prod.yaml": stack}, "prod"))
