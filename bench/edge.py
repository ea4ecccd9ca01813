"""What the generated Caddyfile costs: requests a second, slow ones, and a reload under load.

Two Caddys answer for one upstream, in turn: one with the Caddyfile that is generated for a route,
one with the least that somebody would write by hand. Needs ``wrk`` (Debian: apt-get install wrk).
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.project import Project
from graph.model import StackGraph
from render.caddy import caddyfile

PROJECT = Path(__file__).resolve().parent.parent
MIGRATES = Path("/proc/sys/net/ipv4/tcp_migrate_req")
CADDY = Path(sys.prefix) / "bin" / "caddy"
NAME = "localhost"
ROUNDS = 25
SECONDS = 1
BY_HAND = """{{
	admin localhost:{admin}
	skip_install_trust
	local_certs
	http_port {plain}
}}
https://{name}:{port} {{
	log {{
		output stdout
		format json
	}}
	reverse_proxy 127.0.0.1:{upstream}
}}
"""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Ratios of the generated one to the one by hand, and requests lost over reloads."""

    rate: float
    p99: float
    requests: float
    lost: int
    asked: int


def problem() -> str | None:
    """Say why it cannot be measured here; None when it can."""
    if os.geteuid() != 0 or not MIGRATES.exists():
        return "it needs root, for a network namespace, and Linux 5.14"
    if shutil.which("wrk") is None:
        return "wrk is not installed (Debian: apt-get install wrk)"
    return None if CADDY.is_file() else "the environment has no caddy; run make setup"


def measure() -> Numbers:
    """Ask both in turn, and the generated one while it is reloaded.

    All of it stands in a network namespace of its own, with the setting that the ingress has on
    hosts: connections that wait for a listener that closes go to the one that takes its place.
    """
    script = (
        "ip link set lo up && sysctl -qw net.ipv4.tcp_migrate_req=1 && "
        f"exec {shlex.quote(sys.executable)} -m bench.edge"
    )
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Numbers(**json.loads(done.stdout))


def _measure() -> Numbers:
    with TemporaryDirectory() as folder, ExitStack() as stack:
        upstream = _free_port()
        answer = ("respond", "--listen", f"127.0.0.1:{upstream}", "--body", "hello")
        stack.enter_context(_running(Path(folder), *answer))
        ports, files = [], []
        for write in (_generated, _by_hand):
            port = _free_port()
            file = Path(folder) / write.__name__
            file.write_text(write(upstream, port, _free_port()))
            stack.enter_context(_running(Path(folder), "run", *_config(file)))
            _wait(port)
            ports.append(port)
            files.append(file)
        rates, slowest, requests = [], [], []
        for port in ports:
            _load(port, 1)
        for round_ in range(ROUNDS):
            ours, by_hand = (_load(p) for p in (ports if round_ % 2 else ports[::-1]))
            if not round_ % 2:
                ours, by_hand = by_hand, ours
            rates.append(ours[0] / by_hand[0])
            slowest.append(ours[1] / by_hand[1])
            requests.append(ours[0])
        lost, asked = _reloaded(Path(folder), ports[0], files[0])
    median = statistics.median
    return Numbers(median(rates), median(slowest), median(requests), lost, asked)


def _config(file: Path) -> tuple[str, ...]:
    return "--config", str(file), "--adapter", "caddyfile"


def _generated(upstream: int, port: int, admin: int) -> str:
    graph = _moved(Project(root=PROJECT), upstream, port)
    (ingress,) = graph.ingresses.values()
    text = caddyfile(graph, ingress)
    return text.replace("{\n", f"{{\n\tadmin localhost:{admin}\n", 1)


def _moved(project: Project, upstream: int, port: int) -> StackGraph:
    """Give the example's graph with a bare route to an upstream here, on other ports."""
    graph = project.graph("dev", ["example"])
    routes = {
        id_: replace(
            each, name=NAME, upstream=f"127.0.0.1:{upstream}", upstream_file=None, max_body=None
        )
        for id_, each in graph.routes.items()
    }
    ingresses = {
        id_: replace(each, http_port=_free_port(), https_port=port)
        for id_, each in graph.ingresses.items()
    }
    return replace(graph, routes=routes, ingresses=ingresses, _index={})


def _by_hand(upstream: int, port: int, admin: int) -> str:
    plain = _free_port()
    return BY_HAND.format(admin=admin, plain=plain, name=NAME, port=port, upstream=upstream)


@contextmanager
def _running(folder: Path, *arguments: str) -> Iterator[None]:
    environment = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(
        [CADDY, *arguments],
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(1)  # its certificate is made with the first name that is asked for
                return
        time.sleep(0.1)
    msg = "caddy did not start within 20 s"
    raise TimeoutError(msg)


def _load(port: int, seconds: int = SECONDS) -> tuple[float, float]:
    """Give requests a second and the 99th percentile in milliseconds."""
    text = _wrk(port, seconds)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    if rate is None or slow is None or "Non-2xx" in text:
        raise RuntimeError(text)
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}[slow[2]]
    return float(rate[1]), float(slow[1]) * unit


def _wrk(port: int, seconds: int) -> str:
    done = subprocess.run(
        ["wrk", "-t1", "-c16", f"-d{seconds}s", "--latency", f"https://{NAME}:{port}/"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _reloaded(folder: Path, port: int, file: Path) -> tuple[int, int]:
    """Reload again and again under load; gives requests that got no answer, and all of them."""
    with subprocess.Popen(
        ["wrk", "-t1", "-c16", "-d6s", "-H", "Connection: close", f"https://{NAME}:{port}/"],
        stdout=subprocess.PIPE,
        text=True,
    ) as load:
        for _ in range(4):
            time.sleep(1)
            subprocess.run(
                [CADDY, "reload", "--force", *_config(file)],
                env={"HOME": str(folder)},
                capture_output=True,
                check=True,
            )
        text = load.communicate()[0]
    errors = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    lost = sum(map(int, errors.groups())) if errors else 0
    total = re.search(r"(\d+) requests in", text)
    return lost + (int(bad[1]) if bad else 0), int(total[1]) if total else 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    print(json.dumps(asdict(_measure())))
