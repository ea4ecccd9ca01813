"""The page in a real browser: it works by mouse and keyboard, asks for nothing, runs no text."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from preview.change import changes_of
from preview.page import page
from preview.risk import assess
from tests.preview.page.plans import assessed, down, graph, made, real
from tests.preview.page.test_page import HOSTILE, hostile
from tests.support.browser import Browser, Page, problem
from tests.support.npm import folder_of, install

AXE = Path(__file__).parent / "axe"

SHOW = "getComputedStyle(document.getElementById('panel')).display !== 'none'"

Open = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if (why := problem()) is not None:
        pytest.skip(why)
    found = Browser(tmp_path_factory.mktemp("browser"))
    yield found
    found.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Open:
    """Open a page's text as a file; whatever a test does, nothing is asked or complained about."""

    @contextmanager
    def open_(text: str, **options: Any) -> Iterator[Page]:
        file = tmp_path / "page.html"
        file.write_text(text, encoding="utf-8")
        with browser.page(file, **options) as found:
            yield found
            assert found.requests == [file.as_uri()]
            assert found.complaints == []

    return open_


def changed() -> str:
    """Give a page of a container that is replaced, with a risk."""
    old = {"image": "front:1", "memory": 64, "file": "a\nb\n"}
    new = {"image": "front:2", "memory": "[secret]", "file": "a\nc\n"}
    before, after = graph("front:1"), graph("front:2", place="mesh")
    for side in (before, after):
        side["services"]["shop-web-back"] = {"label": "web/back", "host": "vps"}
    plan = made(old, new, before=before, after=after, reasons=("image",))
    return page(plan, assessed(plan, down(), down("is elsewhere", "shop.example.com")))


def drawn(found: Page, name: str) -> str:
    """Give the selector of a node, by how its name begins."""
    keys = found.evaluate(
        f"""[...document.querySelectorAll('svg a')]
            .filter(link => link.querySelector('title').textContent.startsWith({json.dumps(name)}))
            .map(link => link.dataset.node)"""
    )
    return f'svg a[data-node="{keys[0]}"]'


def classes(found: Page, selector: str) -> set[str]:
    value = found.evaluate(f"document.querySelector({json.dumps(selector)}).getAttribute('class')")
    return set(value.split())


def test_a_click_on_a_node_tells_what_changes(opened: Open) -> None:
    with opened(changed()) as found:
        assert not found.evaluate(SHOW)
        found.click(drawn(found, "front"))
        assert found.evaluate(SHOW)
        told = found.evaluate("document.getElementById('panel').innerText")
        for text in ("front", "front:1 → front:2", "64 → [secret]", "-b", "+c", "replaces it"):
            assert text in told
        assert "is down meanwhile" in told
        assert "picked" in classes(found, drawn(found, "front"))
        assert "dim" in classes(found, drawn(found, "back"))
        found.click("#panel button")
        assert not found.evaluate(SHOW)
        assert "dim" not in classes(found, drawn(found, "back"))


def test_by_keyboard(opened: Open) -> None:
    with opened(changed()) as found:
        found.evaluate(f"document.querySelector({json.dumps(drawn(found, 'front'))}).focus()")
        found.press("Enter")
        assert found.evaluate(SHOW)
        assert found.evaluate("document.activeElement.closest('#panel') !== null")
        found.press("Escape")
        assert not found.evaluate(SHOW)
        assert found.evaluate("document.activeElement.textContent").startswith(
            "front front:2, service, replaced, 2 risks"
        )


def test_everything_is_reached_by_the_tab_key(opened: Open) -> None:
    with opened(changed()) as found:
        reached = set()
        for _ in range(80):
            found.press("Tab")
            reached.add(found.evaluate("(e => e.dataset.node || e.id)(document.activeElement)"))
        nodes = found.evaluate("[...document.querySelectorAll('svg a')].map(a => a.dataset.node)")
        assert len(nodes) > 6
        assert reached >= {*nodes, "find", "only-changed"}


def test_a_risk_shows_what_is_behind_it(opened: Open) -> None:
    with opened(changed()) as found:
        found.click("details.risk summary")
        assert "picked" in classes(found, drawn(found, "front"))
        assert "dim" in classes(found, drawn(found, "back"))
        body = found.evaluate("document.querySelector('details.risk[open]').innerText")
        assert "the image changes" in body
        found.click("details.risk summary")
        assert "picked" not in classes(found, drawn(found, "front"))
        assert not found.evaluate("document.querySelectorAll('svg .dim').length")


def test_search_and_filter(opened: Open) -> None:
    clear = "[...document.querySelectorAll('svg a:not(.dim) .label')].map(a => a.textContent)"
    with opened(changed()) as found:
        found.click("#find")
        found.type("BACK")
        assert found.evaluate(clear) == ["back"]
        found.evaluate("document.getElementById('find').value = ''")
        found.click("#only-changed")
        left = found.evaluate(clear)
        assert "front" in left
        assert "back" not in left
        assert found.evaluate("document.getElementById('found').value").endswith(" of 10")
        hidden = "[...document.querySelectorAll('[data-detail]')].filter(d => d.hidden).length"
        assert found.evaluate(hidden) > 0


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_run_nothing(opened: Open, text: str) -> None:
    with opened(hostile(text)) as found:
        for selector in ("svg a.service", "details.risk summary", "svg .host a"):
            if found.evaluate(f"document.querySelector({json.dumps(selector)}) !== null"):
                found.click(selector)
        assert found.evaluate("document.scripts.length") == 1
        assert found.evaluate("document.querySelectorAll('img').length") == 0


def test_the_policy_refuses_what_is_not_its_own(browser: Browser, tmp_path: Path) -> None:
    """What the other tests rely on: a script that got in would be heard of, and would not run."""
    text = changed().replace("<main", "<script>document.title = 'run'</script><main", 1)
    file = tmp_path / "page.html"
    file.write_text(text.replace("<main", '<img src="http://example.com/a.png"><main', 1))
    with browser.page(file) as found:
        assert found.evaluate("document.title") != "run"
        refused = [each["entry"]["text"] for each in found.complaints if "entry" in each]
        assert any("script" in each for each in refused)
        assert any("image" in each or "img" in each for each in refused)


def test_without_javascript_it_reads(opened: Open) -> None:
    with opened(changed(), javascript=False) as found:
        shown = (
            "(() => {const box = document.querySelector({}).getBoundingClientRect();"
            "return box.height > 0})()"
        )
        assert found.evaluate(shown.replace("{}", "'svg'"))
        assert not found.evaluate(shown.replace("{}", "'#tools'"))
        found.click("#main .risks summary")
        assert found.evaluate("document.querySelector('details.risk').open")
        found.click(drawn(found, "front"))
        opens = "document.querySelector('details:has(:target)')?.open === true"
        assert any(found.evaluate(opens) for _ in range(1000))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_runs_out_of_the_window(opened: Open, dark: bool, width: int) -> None:
    """Only drawings and tables scroll sideways, each in a frame; texts stay in boxes."""
    plan = real("a-volume-is-renamed")
    with opened(page(plan, assess(changes_of(plan))), width=width, dark=dark) as found:
        assert found.evaluate("document.documentElement.scrollWidth") <= width
        assert found.evaluate(
            """[...document.querySelectorAll('svg a')].flatMap(link => {
                const shape = link.querySelector('.shape');
                if (!shape) return [];
                const box = shape.getBoundingClientRect();
                return [...link.querySelectorAll('.label, .note')].filter(text => {
                    const found = text.getBoundingClientRect();
                    return found.right > box.right || found.left < box.left
                        || found.bottom > box.bottom || found.top < box.top;
                }).map(text => text.textContent);
            })"""
        ) == []  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_contrast(opened: Open, dark: bool) -> None:
    """Texts stand out from their ground as WCAG's AA asks: by 4.5 to 1."""
    script = """(() => {
        const style = getComputedStyle(document.documentElement);
        const channel = c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
        const light = name => {
            const hex = style.getPropertyValue('--' + name).trim().slice(1);
            const [r, g, b] = [0, 2, 4].map(i => channel(parseInt(hex.slice(i, i + 2), 16) / 255));
            return .2126 * r + .7152 * g + .0722 * b;
        };
        const ratio = (a, b) => {
            const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
            return (x + .05) / (y + .05);
        };
        const tones = ['create', 'update', 'replace', 'delete', 'forget', 'doubt'];
        const families = ['data', 'reach', 'protection', 'secrets', 'identity', 'downtime'];
        const pairs = [
            ...tones.flatMap(t => [[t, t + '-ground'], ['ink', t + '-ground'], ['ground', t]]),
            ...tones.filter(t => t !== 'doubt').map(t => ['quiet', t + '-ground']),
            ...families.map(f => [f, 'ground']),
            ...['ground', 'raised', 'host', 'app', 'shape']
                .flatMap(g => [['ink', g], ['quiet', g]]),
            ['link', 'ground'], ['link', 'raised'], ['ground', 'risk'],
        ];
        return pairs.map(([a, b]) => [a, b, ratio(a, b)]).filter(p => !(p[2] >= 4.5));
    })()"""
    with opened(changed(), dark=dark) as found:
        assert found.evaluate(script) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_that_axe_finds(opened: Open, dark: bool) -> None:
    """The rules of WCAG that a program can check, with everything unfolded and the panel open."""
    if (why := install(AXE, "axe")) is not None:
        pytest.skip(why)
    axe = (folder_of(AXE, "axe") / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    plan = real("a-volume-is-renamed")
    run = """axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations
        .flatMap(each => each.nodes.map(node => `${each.id}: ${node.target}`)))"""
    with opened(page(plan, assess(changes_of(plan))), dark=dark) as found:
        found.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        found.evaluate(f"{axe};0")
        assert found.evaluate(run) == []
        found.click("svg a.changed")
        found.evaluate("document.getAnimations().forEach(each => each.finish())")
        assert found.evaluate(run) == []


def test_a_large_system_is_ready_soon(opened: Open) -> None:
    before, after = graph("front:1"), graph("front:2")
    for side in (before, after):
        for index in range(120):
            label = f"app{index % 8}/s{index}"
            side["services"][f"shop-app{index % 8}-s{index}"] = {
                "label": label,
                "host": "vps",
                "needs": [f"app{n % 8}/s{n}" for n in (index + 1, index + 9) if n < 120],
            }
            side["routes"][f"r{index}.example.com"] = {"to": label}
    plan = made({"image": "front:1"}, {"image": "front:2"}, before=before, after=after)
    start = time.perf_counter()
    text = page(plan, assessed(plan, down()))
    made_in = time.perf_counter() - start
    start = time.perf_counter()
    with opened(text) as found:
        found.click(drawn(found, "front"))
        assert found.evaluate(SHOW)
        shown_in = time.perf_counter() - start
    assert made_in < 5, "making it"  # about 1 s alone; other tests run at the same time
    assert shown_in < 5, "showing it and the first click"
