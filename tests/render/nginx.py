"""A real nginx on loopback that reads rendered files, with its paths and ports moved."""

from __future__ import annotations

import os
import re
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from graph.model import Ingress, StackGraph
from render.nginx import nginx_files
from render.nginx.place import names_of
from tests.render.caddy import Proxy

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
needs_nginx = pytest.mark.skipif(
    NGINX is None or shutil.which("openssl") is None, reason="no nginx, or no openssl, on PATH"
)

MAIN = """\
user root;
daemon off;
pid PREFIX/nginx.pid;
error_log PREFIX/error.log notice;
worker_processes 1;
events { worker_connections 512; }
http {
    include /etc/nginx/mime.types;
    client_body_temp_path PREFIX/body;
    proxy_temp_path PREFIX/proxy;
    fastcgi_temp_path PREFIX/fastcgi;
    uwsgi_temp_path PREFIX/uwsgi;
    scgi_temp_path PREFIX/scgi;
    include PREFIX/nginx/conf.d/*.conf;
    include PREFIX/nginx/sites-available/*.conf;
}
"""


def tree(
    folder: Path,
    graph: StackGraph,
    ingress: Ingress,
    ports: tuple[int, int] = (80, 443),
    upstreams: Mapping[int, int] | None = None,
) -> Path:
    """Write the rendered files below a folder as nginx can read them here; give the main one.

    ``upstreams`` are ports that services have here, by the ones that are rendered.
    """
    _certificates(folder, sorted(names_of(graph.routes_of(ingress))))
    for path, text in nginx_files(graph, ingress).items():
        file = folder / path.removeprefix("/etc/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_moved(text, folder, ports, upstreams or {}))
    # what the edge shows a certificate of
    authority = folder / "nginx/stackgraph/authorities"
    authority.mkdir(parents=True)
    for zone in graph.zones.values():
        shutil.copy(folder / "certificate.pem", authority / f"{zone.name}.origin-pulls.pem")
    main = folder / "nginx.conf"
    main.write_text(MAIN.replace("PREFIX", str(folder)))
    return main


def _moved(text: str, folder: Path, ports: tuple[int, int], upstreams: Mapping[int, int]) -> str:
    moved = {"80": ports[0], "443": ports[1]}
    text = re.sub(r"^ *listen \[::\]:.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(
        r"\blisten (\d+)", lambda found: f"listen 127.0.0.1:{moved.get(found[1], found[1])}", text
    )
    for path in ("/etc/letsencrypt", "/etc/nginx", "/var/lib/stackgraph", "/var/log/nginx"):
        text = text.replace(path, f"{folder}/{path.rpartition('/')[2]}")
    return re.sub(
        r"(proxy_pass http://127\.0\.0\.1:)(\d+)",
        lambda found: found[1] + str(upstreams.get(int(found[2]), found[2])),
        text,
    )


def _certificates(folder: Path, names: list[str]) -> None:
    """One certificate of our own for all names, where each has its own."""
    (folder / "nginx").mkdir(parents=True, exist_ok=True)
    (folder / "stackgraph/acme").mkdir(parents=True, exist_ok=True)
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    options = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-days", "2", "-subj", "/CN=test", "-keyout", str(key)),
        *("-out", str(certificate), "-addext"),
        "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
    ]
    subprocess.run(options, check=True, capture_output=True)
    for name in names:
        live = folder / "letsencrypt/live" / name
        live.mkdir(parents=True)
        shutil.copy(key, live / "privkey.pem")
        shutil.copy(certificate, live / "fullchain.pem")


def check(folder: Path, main: Path) -> subprocess.CompletedProcess[str]:
    """Let nginx read a tree."""
    assert NGINX is not None
    (folder / "nginx").mkdir(exist_ok=True)
    command = [NGINX, "-t", "-p", str(folder), "-c", str(main)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextmanager
def running(folder: Path, main: Path, ports: tuple[int, int]) -> Iterator[Proxy]:
    """Run nginx until the block ends."""
    assert NGINX is not None
    done = check(folder, main)
    assert done.returncode == 0, done.stderr
    process = subprocess.Popen(
        [NGINX, "-p", str(folder), "-c", str(main)], stderr=subprocess.DEVNULL
    )
    trust = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    proxy = Proxy(*ports, trust)
    try:
        for _ in range(200):
            assert process.poll() is None, (folder / "error.log").read_text()
            try:
                proxy.get("unknown.example.com", plain=True)
            except OSError:
                time.sleep(0.05)
            else:
                break
        yield proxy
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)


def reload(folder: Path) -> None:
    """Let a running nginx read its files anew."""
    os.kill(int((folder / "nginx.pid").read_text()), signal.SIGHUP)
