"""The files and the script of nginx: as written down, and read by nginx and the shell."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from graph.model import Ingress, StackGraph
from render.nginx import files_script, nginx_files, nginx_script, remove_script
from tests.graph.test_systems import SYSTEMS, prod
from tests.render.caddy import free_ports, service
from tests.render.nginx import check, needs_nginx, reload, running, tree

GOLDEN = Path(__file__).parent / "golden"


def written(graph: StackGraph, ingress: Ingress) -> str:
    files = nginx_files(graph, ingress).items()
    return "".join(f"### {path}\n{text}" for path, text in files)


def test_the_files_of_vitaravox(project: Path, update_golden: bool) -> None:
    graph = prod(project, "vitaravox")
    found = written(graph, graph.ingresses["ingress:vitaravox/oci"])
    file = GOLDEN / "nginx_vitaravox_oci.conf"
    if update_golden:
        file.write_text(found)
    assert found == file.read_text()


@needs_nginx
@pytest.mark.parametrize("name", SYSTEMS)
def test_nginx_reads_the_files_of_every_system(name: str, project: Path, tmp_path: Path) -> None:
    graph = prod(project, name)
    for ingress in graph.ingresses.values():
        folder = tmp_path / ingress.logical_name
        # what Caddy finds by a container's name, nginx would by a published port
        routes = {
            id_: replace(route, upstream=None if route.upstream is None else "127.0.0.1:9")
            for id_, route in graph.routes.items()
        }
        here = replace(graph, routes=routes, _index={})
        main = tree(folder, here, replace(ingress, kind="nginx"), (8080, 8443))
        done = check(folder, main)
        assert done.returncode == 0, done.stderr
        assert "[warn]" not in done.stderr


@needs_nginx
def test_a_thousand_names(project: Path, tmp_path: Path) -> None:
    graph = prod(project, "vitaravox")
    ingress = graph.ingresses["ingress:vitaravox/oci"]
    first, *_ = graph.routes_of(ingress)
    many = {
        f"route:vitaravox/{number}": replace(
            first, id=f"route:vitaravox/{number}", name=f"a-rather-long-name-{number}.example.com"
        )
        for number in range(1000)
    }
    large = replace(graph, routes=many, _index={})
    began = time.perf_counter()
    assert len(nginx_files(large, ingress)) == 1002
    assert time.perf_counter() - began < 2
    main = tree(tmp_path, large, ingress, (8080, 8443))
    done = check(tmp_path, main)
    assert (done.returncode, "[warn]" in done.stderr) == (0, False), done.stderr


def test_scripts_are_sound(project: Path) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("no shellcheck on PATH")
    graph = prod(project, "vitaravox")
    ingress = graph.ingresses["ingress:vitaravox/oci"]
    host = graph.hosts[ingress.host]
    for script in (
        nginx_script(graph, ingress),
        remove_script(host),
        files_script(host, {"a-b": "ann:$2b$x\n"}),
    ):
        done = subprocess.run(
            ["shellcheck", "-s", "sh", "-"], input=script, capture_output=True, text=True
        )
        assert done.stdout == ""


def test_an_issuer_of_ones_own(project: Path) -> None:
    graph = prod(project, "vitaravox")
    ingress = graph.ingresses["ingress:vitaravox/oci"]
    usual = nginx_script(graph, ingress)
    assert "ACME=https://acme-v02.api.letsencrypt.org/directory\n" in usual
    other = replace(graph, acme_directory="https://acme.example.com/dir")
    assert "ACME=https://acme.example.com/dir\n" in nginx_script(other, ingress)


@needs_nginx
def test_a_reload_loses_no_request(project: Path, tmp_path: Path) -> None:
    graph = prod(project, "vitaravox")
    ingress = graph.ingresses["ingress:vitaravox/oci"]
    ports = free_ports(2)
    answered: list[int] = []
    with service() as port:
        main = tree(tmp_path, graph, ingress, (ports[0], ports[1]), {3002: port})
        with running(tmp_path, main, (ports[0], ports[1])) as proxy:
            over = threading.Event()

            def ask() -> None:
                while not over.is_set():
                    answered.append(proxy.get("api-dev.vitaravox.ca/slow?0.02").status)

            with ThreadPoolExecutor(4) as pool:
                asking = [pool.submit(ask) for _ in range(4)]
                for _ in range(5):
                    time.sleep(0.3)
                    reload(tmp_path)
                time.sleep(0.3)
                over.set()
                for each in asking:
                    each.result()
    assert len(answered) > 100
    assert set(answered) == {200}
