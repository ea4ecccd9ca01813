"""The page as text: nothing that a value holds becomes markup, no secret is in it, it is whole."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preview.change import changes_of
from preview.page import page
from preview.page.text import shown
from preview.plan import Plan
from preview.risk import assess
from preview.value import MASK, SECRET, SIGNATURE, UNKNOWN
from tests.preview.page.plans import assessed, down, graph, made, real

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>'",
    "]]> --> <!-- ",
    "a\u2028b\u2029c\x00\u202e",
    "javascript:alert(1)",
)


class Reader(HTMLParser):
    """Tags, attributes that lead somewhere or run something, and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.leading: set[str] = set()
        self.ids: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.names.add(name)
            if name in {"href", "src", "action", "data", "srcset", "xlink:href"}:
                self.leading.add(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def html_of(plan: Plan) -> str:
    return page(plan, assess(changes_of(plan)))


def hostile(text: str) -> str:
    """Give a page in which everything that can be a text is this text."""
    before, after = (graph(f"{text}:{n}", app=f"w{text}", guard=f"{n}{text}") for n in "12")
    after["reach"][text] = [text]
    after["routes"][text] = {"to": f"w{text}/front", "ingress": "shop-vps-ingress"}
    after["services"][f"shop-{text}"] = {"label": f"{text}/{text}", "host": "vps"}
    plan = made(
        {"envs": [text], text: text, "a": {"b": f"{text}\n1"}},
        {"envs": [text, f"2{text}"], "a": {"b": f"{text}\n2"}, "c": text},
        before=before,
        after=after,
        reasons=(text,),
    )
    return page(plan, assessed(plan, down(text, text), down(text), unclear=(text,)))


def well_behaved(text: str) -> Reader:
    """Read a page, and see that it can neither load, lead away nor run anything of its texts."""
    found = Reader(text)
    assert {tag: found.tags.count(tag) for tag in ("script", "style", "svg", "main")} == {
        "script": 1, "style": 1, "svg": 1, "main": 1
    }  # fmt: skip
    assert not {"img", "iframe", "object", "embed", "link", "base", "form"} & set(found.tags)
    assert all(each.startswith("#") for each in found.leading)
    assert not [name for name in found.names if name.startswith("on") or name == "style"]
    assert len(set(found.ids)) == len(found.ids)
    assert {each.removeprefix("#") for each in found.leading} <= set(found.ids)
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(text: str) -> None:
    assert shown(text) in well_behaved(hostile(text)).text


@given(st.text(max_size=30))
@settings(max_examples=60)
def test_any_text_stays_text(text: str) -> None:
    well_behaved(hostile(text))


@pytest.mark.parametrize(
    "name",
    ["a-volume-is-renamed", "another-subnet", "a-volume-goes", "a-secret's-value", "nothing"],
)
def test_real_previews(name: str) -> None:
    text = html_of(real(name))
    well_behaved(text)
    assert html_of(real(name)) == text


def test_only_its_own_style_and_script_may_run() -> None:
    text = html_of(real("nothing"))
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    hashes = {
        tag: base64.b64encode(
            hashlib.sha256(re.findall(f"(?s)<{tag}>(.*?)</{tag}>", text)[0].encode()).digest()
        ).decode()
        for tag in ("style", "script")
    }
    assert policy == [
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; "
        f"script-src 'sha256-{hashes['script']}'; base-uri 'none'; form-action 'none'"
    ]


def _shown(old: Any, new: Any, reasons: tuple[str, ...] = ()) -> str:
    plan = made(old, new, reasons=reasons)
    return Reader(page(plan, assessed(plan))).text


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        ({"image": "a:1"}, {"image": "a:2"}, ["a:1 → a:2"]),
        ({"memory": 1}, {"memory": UNKNOWN.value}, ["1 → known after up"]),
        ({"x": f"id {UNKNOWN.value}"}, {"x": "id 7"}, ["id known after up → id 7"]),
        ({"a": MASK}, {"a": MASK}, ["a secret in it changes"]),
        ({"text": "a\nb\nc\n"}, {"text": "a\nB\nc\n"}, ["-b\n+B\n"]),
        ({"envs": ["A=1", "C=3"]}, {"envs": ["A=1", "B=2", "C=3"]}, ["envs", "+B=2\n"]),
        ({}, {"added": [1, 2]}, ["added [1, 2]"]),
        ({"gone": True}, {}, ["removed true"]),
        ({"script": "a\nb\n"}, {"script": UNKNOWN.value}, ["2 lines → known after up"]),
        ({"big": "x"}, {"big": "y" * 30_000}, ["… and 10000 more characters"]),
        ({"long": "1\n" * 3000}, {"long": "2\n" * 3000}, ["3000 lines → 3000 lines"]),
    ],
)
def test_differences(old: Any, new: Any, texts: list[str]) -> None:
    told = _shown(old, new, reasons=("a",))
    for text in texts:
        assert text in told


def test_what_replaces_is_marked() -> None:
    told = _shown({"image": "a", "env": "b"}, {"image": "c", "env": "d"}, ("image",))
    assert told.count("replaces it") == 1


@pytest.mark.parametrize(
    "wrap", [lambda s: s, lambda s: [s], lambda s: {"k": s}], ids=["top", "list", "map"]
)
def test_secrets_that_are_open_are_closed(wrap: Any) -> None:
    def secret(text: str) -> Any:
        return wrap({SIGNATURE: SECRET, "plaintext": f'"{text}"', "value": text})

    told = page(
        plan := made({"p": secret("hunter1")}, {"p": secret("hunter2"), "q": secret("hunter3")}),
        assessed(plan),
    )
    assert "hunter" not in told
    assert MASK in told


def test_what_follows_from_another_change_says_so() -> None:
    assert "follows from mall-shop-front (replaced)" in Reader(html_of(real("another-subnet"))).text


def test_risks_come_first_the_gravest_family_first() -> None:
    plan = real("a-volume-goes")
    text = html_of(plan)
    order = [text.index(each) for each in ("<h1", "<h2>Risks", "<svg", "<h2>Details", "In a list")]
    assert order == sorted(order)


def test_what_cannot_be_told_is_said_at_the_top() -> None:
    plan = made({"a": 1}, {"a": 2})
    text = page(plan, assessed(plan, unclear=("the registry was not asked",)))
    assert text.index("Cannot tell") < text.index("the registry was not asked") < text.index("<svg")
    assert "no risk found, but not everything can be told" in text


def test_a_whole_system_calls_nothing_new() -> None:
    plan = real("an-app-comes")
    text = page(plan, assess(changes_of(plan)), compared=False)
    found = well_behaved(text)
    for word in ("created", "Risks", "An acceptance is bound to"):
        assert word not in found.text


def test_a_plan_without_a_summary_is_still_listed() -> None:
    plan = made({"a": 1}, {"a": 2}, before={"version": 99}, after={"version": 99})
    text = page(plan, assessed(plan))
    assert "There is no drawing" in text
    assert "shop-web-front" in text


def test_size_of_a_page_is_bounded() -> None:
    assert len(html_of(real("a-volume-is-renamed"))) < 500_000
