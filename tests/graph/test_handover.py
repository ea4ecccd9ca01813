"""How each kind of service is replaced: the order, why, what a newcomer must show, how long."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.model import Gate, Handover, StackGraph
from tests.workspace import graph_of, shop

CHECK = 'healthcheck: {test: "true", interval: 10s, timeout: 5s, retries: 4, start_period: 20s}'


def handover_of(root: Path, *lines: str, tail: str = "") -> Handover:
    graph = graph_of(shop(root, {"web.compose.yaml": compose(*lines, tail=tail)}))
    return graph.services["service:shop/web/front"].handover


def compose(*lines: str, tail: str = "") -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"services:\n  front:\n    image: a\n    expose: ['8080']\n{body}{tail}"


@pytest.mark.parametrize(
    ("lines", "order", "reason"),
    [
        ([], "start-first", "it can run twice"),
        (['ports: ["9000:80"]'], "stop-first", "it publishes 9000:80/tcp"),
        (
            ['ports: ["9000-9001:80-81", "127.0.0.1:53:53/udp", "1:1"]'],
            "stop-first",
            "it publishes 9000-9001:80-81/tcp and 2 more",
        ),
        (["volumes: [data:/data]"], "stop-first", "it writes to data"),
        (["volumes: [data:/data:ro]"], "start-first", "it can run twice"),
        (["volumes: ['/srv:/srv']"], "stop-first", "it writes to /srv"),
        (["volumes: ['/srv:/srv:ro']"], "start-first", "it can run twice"),
        (["volumes: [/anonymous]"], "stop-first", "it writes to /anonymous"),
        (["volumes: [{type: tmpfs, target: /t}]"], "start-first", "it can run twice"),
        (["tmpfs: [/run]"], "start-first", "it can run twice"),
        (["networks: {a: }"], "start-first", "it can run twice"),
        (
            ["networks: {b: {ipv4_address: 10.0.0.5}, a: {ipv6_address: '2001:db8::5'}}"],
            "stop-first",
            "its address on a is fixed",
        ),
        (["network_mode: host"], "stop-first", "its network mode is host"),
        (["network_mode: bridge"], "start-first", "it can run twice"),
        (["network_mode: none"], "start-first", "it can run twice"),
        (["container_name: fixed"], "start-first", "it can run twice"),
        (
            ["volumes: [data:/data]", 'ports: ["1:1"]'],
            "stop-first",
            "it publishes 1:1/tcp",
        ),
        (
            ["volumes: [data:/data]", "deploy: {update_config: {order: start-first}}"],
            "start-first",
            "deploy.update_config.order says so",
        ),
        (
            ["deploy: {update_config: {order: stop-first}}"],
            "stop-first",
            "deploy.update_config.order says so",
        ),
    ],
    ids=lambda value: "; ".join(value) if isinstance(value, list) else None,
)
def test_order(lines: list[str], order: str, reason: str, tmp_path: Path) -> None:
    tail = "volumes: {data: {}}\nnetworks: {a: {}, b: {}}\n"
    handover = handover_of(tmp_path, *lines, tail=tail)
    assert (handover.order, handover.reason) == (order, reason)


@pytest.mark.parametrize(
    ("lines", "gate", "seconds"),
    [
        ([], Gate.RUNNING, 30),
        ([CHECK], Gate.HEALTHY, 20 + 4 * 15 + 10),
        (['healthcheck: {test: "true"}'], Gate.HEALTHY, 3 * 60 + 10),
        (
            ['healthcheck: {test: "true", interval: 1s, timeout: 1s, retries: 1}'],
            Gate.HEALTHY,
            30,
        ),
        (["healthcheck: {disable: true}"], Gate.RUNNING, 30),
        (["healthcheck: {test: [NONE]}"], Gate.RUNNING, 30),
        (["healthcheck: {interval: 5s}"], Gate.RUNNING, 30),
    ],
    ids=lambda value: "; ".join(value) if isinstance(value, list) else None,
)
def test_gate(lines: list[str], gate: Gate, seconds: int, tmp_path: Path) -> None:
    handover = handover_of(tmp_path, *lines)
    assert (handover.gate, handover.timeout.total_seconds()) == (gate, seconds)


def test_a_job_must_complete(tmp_path: Path) -> None:
    text = compose(
        CHECK,
        tail="  back:\n    image: a\n"
        "    depends_on: {front: {condition: service_completed_successfully}}\n",
    )
    graph = graph_of(shop(tmp_path, {"web.compose.yaml": text}))
    job = graph.services["service:shop/web/front"].handover
    assert (job.gate, job.timeout.total_seconds()) == (Gate.COMPLETED, 600)
    assert graph.services["service:shop/web/back"].handover.gate is Gate.RUNNING


@pytest.mark.parametrize("condition", ["service_started", "service_healthy"])
def test_what_is_only_waited_for_is_no_job(condition: str, tmp_path: Path) -> None:
    tail = f"  back: {{image: a, depends_on: {{front: {{condition: {condition}}}}}}}\n"
    assert handover_of(tmp_path, CHECK, tail=tail).gate is Gate.HEALTHY


@pytest.mark.parametrize(("line", "seconds"), [("", 10), ("stop_grace_period: 1m30s", 90)])
def test_grace(line: str, seconds: int, tmp_path: Path) -> None:
    handover = handover_of(tmp_path, *([line] if line else []))
    assert handover.grace.total_seconds() == seconds


@pytest.mark.parametrize("order", ["start-first", "stop-first"])
def test_how_the_ingress_finds_a_service(order: str, tmp_path: Path) -> None:
    text = compose(f"deploy: {{update_config: {{order: {order}}}}}")
    graph: StackGraph = graph_of(shop(tmp_path, {"web.compose.yaml": text}))
    (route,) = graph.routes.values()
    upstreams = graph.services["service:shop/web/front"].upstreams
    if order == "start-first":
        # Two containers may run: a file in the ingress says which of them is meant.
        assert (route.upstream, route.upstream_file) == (None, "shop-web-front-8080")
        assert [(u.file, u.port) for u in upstreams] == [("shop-web-front-8080", 8080)]
    else:
        assert (route.upstream, route.upstream_file) == ("shop-web-front:8080", None)
        assert upstreams == ()
