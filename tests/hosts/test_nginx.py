"""nginx, certbot and processes on a host with a real systemd: from bare, again, and gone."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from graph.model import Host, Ingress, StackGraph
from rehearsal.hosts import HostLab, Machine
from rehearsal.lab import Done
from render import nginx, processes
from render.processes import environment_text, processes_of
from tests.support.hosts import needs_hosts
from tests.support.programs import install_pm2, pebble, start_pebble
from tests.workspace import graph_of, shop

pytestmark = [pytest.mark.docker, pytest.mark.slow]

# "let me in", at the least cost that bcrypt has
HASH = "$2b$04$abcdefghijklmnopqrstuuTnc8amReAFiMHxaSoW9U22KarbWnkSm"
SECRET = 's3cr3t $x `y` "z" \\ %n'
SYSTEM = """\
hosts:
  vps: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB, ingress: {kind: nginx}}
secrets: {TOKEN: {purpose: Token, dev: dev-only}, ANN: {purpose: Users, dev: dev-only}}
basic_auth: {staff: {ann: ANN}}
processes:
  api:
    {host: vps, manager: pm2, purpose: API, command: node server.js, user: deploy,
     directory: /home/deploy/api, listens: ["127.0.0.1:3002"], memory: 200MiB,
     secrets: {TOKEN: TOKEN}, environment: {BIND: 127.0.0.1, PORT: 3002}}
  tool:
    {host: vps, manager: systemd, purpose: Tool, user: deploy, directory: /srv/tool,
     command: python3 -m http.server 3003 --bind BIND, listens: [3003], secrets: {TOKEN: TOKEN}}
jobs:
  tidy: {host: vps, schedule: "*/5 2 * * 1", command: 'echo "tidied 100%" >/run/tidy', purpose: T}
sites:
  client: {host: vps, path: /home/deploy/client, purpose: Client, fallback: /index.html}
zones: {example.com: {provider: external}}
routes:
  app.example.com: {site: client}
  app.example.com/api/*: {to: "api:3002"}
  tool.example.com: {to: "tool:3003", access: {basic_auth: staff}}
"""
SERVER = """\
const http = require('http')
const answer = (q, r) => r.end(JSON.stringify({token: process.env.TOKEN, pid: process.pid}))
http.createServer(answer).listen(+process.env.PORT, process.env.BIND)
"""
CODE = """\
useradd --create-home --shell /bin/bash deploy
mkdir -p /home/deploy/api /home/deploy/client /srv/tool
echo 'the app' >/home/deploy/client/index.html
chmod o+x /home/deploy
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A host, and what is declared for it."""

    machine: Machine
    folder: Path

    def graph(self, name: str, system: str = SYSTEM) -> tuple[StackGraph, Host, Ingress]:
        text = system.replace("--bind BIND", "--bind 127.0.0.1")
        hosts = {"vps": {"address": "192.0.2.10", "host_key": "ssh-ed25519 AAAA"}}
        config = {
            "stackgraph:target": "prod",
            "stackgraph:systems": ["shop"],
            "stackgraph:acme_directory": "https://localhost:14000/dir",
            "stackgraph:shop": {"hosts": hosts, "secrets": {"TOKEN": SECRET, "ANN": HASH}},
        }
        files = {"system.yaml": text, "Pulumi.prod.yaml": json.dumps({"config": config})}
        graph = graph_of(shop(self.folder / name, files), "prod")
        return graph, graph.hosts["host:shop/vps"], graph.ingresses["ingress:shop/vps"]

    def nginx(self, graph: StackGraph, ingress: Ingress) -> Done:
        host = graph.hosts[ingress.host]
        users = {"shop-staff": f"ann:{HASH}\n"}
        changed(self.machine.run(nginx.files_script(host, users)))
        return self.machine.run(nginx.nginx_script(graph, ingress))

    def processes(self, graph: StackGraph, host: Host, secret: str = SECRET) -> Done:
        environments = {
            each.logical_name: environment_text(
                {**each.spec.environment, **dict.fromkeys(each.spec.secrets, secret)}
            )
            for each in processes_of(graph, host)
        }
        changed(self.machine.run(processes.environments_script(host, environments)))
        return self.machine.run(processes.processes_script(graph, host))

    def get(self, url: str, *options: str) -> str:
        """What the host answers on its own address, with its certificate trusted."""
        name = url.partition("/")[0]
        return self.machine.inside(
            *("curl", "-sS", "--cacert", "/opt/pebble/roots.pem", "--max-time", "10"),
            *("--resolve", f"{name}:443:127.0.0.1", *options, f"https://{url}"),
        )


def changed(done: Done) -> list[str]:
    assert done.returncode == 0, done.stderr
    *found, last = done.stdout.splitlines()
    assert last == f"ready: {len(found)} changes"
    return [each.removeprefix("changed: ") for each in found]


def refused(done: Done) -> str:
    assert done.returncode == 1, done.stdout
    (line,) = done.stderr.splitlines()
    return line.removeprefix("vps: ")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A host with Node.js and PM2, without nginx, code and certificates."""
    needs_hosts()
    pebble()
    with HostLab() as lab:
        machine = lab.machine("nginx", "ready")
        install_pm2(machine)
        machine.inside("apt-get", "install", "-q", "-y", "--no-install-recommends", "curl")
        yield Site(machine, tmp_path_factory.mktemp("shops"))


# One host, on which each test goes on from the one before.


def test_what_is_missing_is_said_and_all_else_is_done(site: Site) -> None:
    graph, host, ingress = site.graph("first")
    done = site.nginx(graph, ingress)
    assert refused(done) == (
        "no certificate for app.example.com: ValueError: Requesting localhost/dir: Connection "
        "refused; no certificate for tool.example.com: ValueError: Requesting localhost/dir: "
        "Connection refused; site client: there is no directory /home/deploy/client; deploy its "
        "files there"
    )
    assert "changed: installed nginx certbot" in done.stdout
    assert refused(site.processes(graph, host)) == (
        "api: there is no user deploy; make it, as the owner of its code; tool: there is no user "
        "deploy; make it, as the owner of its code"
    )
    plain = ("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: app.example.com")
    assert site.machine.inside(*plain, "http://127.0.0.1/x") == "308"


def test_certificates_from_nothing(site: Site) -> None:
    graph, _, ingress = site.graph("certificates")
    site.machine.inside("sh", "-c", CODE)
    site.machine.write("/home/deploy/api/server.js", SERVER)
    names = ("app.example.com", "tool.example.com", "theirs.example.com")
    start_pebble(site.machine, *names)
    done = changed(site.nginx(graph, ingress))
    assert [each for each in done if each.startswith("certificate")] == [
        "certificate of app.example.com",
        "certificate of tool.example.com",
    ]
    site.machine.inside("sh", "-c", _ROOT)
    assert site.get("app.example.com/any/page") == "the app"
    assert site.machine.inside("systemctl", "is-enabled", "certbot.timer") == "enabled"
    assert changed(site.nginx(graph, ingress)) == []


_ROOT = "curl -sSk https://127.0.0.1:15000/roots/0 >/opt/pebble/roots.pem"


def test_processes_start_and_know_their_secrets(site: Site) -> None:
    graph, host, ingress = site.graph("processes")
    done = changed(site.processes(graph, host))
    assert {"pm2-deploy.service started", "tool started"} <= set(done)
    assert json.loads(site.get("app.example.com/api/"))["token"] == SECRET
    assert changed(site.processes(graph, host)) == []
    assert site.get("tool.example.com", "-o", "/dev/null", "-w", "%{http_code}") == "401"
    listing = site.get("tool.example.com", "-u", "ann:let me in")
    assert "Directory listing" in listing
    other = {"shop-staff": f"bob:{HASH}\n"}
    changed(site.machine.run(nginx.files_script(host, other)))
    assert "Directory listing" in site.get("tool.example.com", "-u", "bob:let me in")
    assert changed(site.nginx(graph, ingress)) == []
    # not in what any user can read
    readable = "runuser -u nobody -- grep -rlsF s3cr3t /etc /home /var/lib /srv || :"
    assert site.machine.inside("sh", "-c", readable) == ""
    units = "systemd-analyze verify /etc/systemd/system/stackgraph-* /etc/systemd/system/pm2-* 2>&1"
    assert site.machine.inside("sh", "-c", units) == ""


def test_a_new_secret_is_handed_over_without_a_gap(site: Site) -> None:
    graph, host, _ = site.graph("handover")
    before = json.loads(site.get("app.example.com/api/"))["pid"]
    site.machine.write("/run/ask.sh", _ASK)
    site.machine.inside("systemd-run", "--quiet", "--unit=ask", "sh", "/run/ask.sh")
    time.sleep(1)
    assert changed(site.processes(graph, host, secret="another")) == [
        "api reloaded",
        "tool restarted, with a gap",
    ]
    time.sleep(1)
    site.machine.inside("systemctl", "stop", "ask")
    after = json.loads(site.get("app.example.com/api/"))
    assert (after["token"], after["pid"] != before) == ("another", True)
    answers = site.machine.read("/run/answers").split()
    assert len(answers) > 20
    assert set(answers) == {"200"}
    assert changed(site.processes(graph, host)) == ["api reloaded", "tool restarted, with a gap"]


_ASK = """\
while :; do
  curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:3002/ >>/run/answers
  sleep 0.05
done
"""


def test_a_process_that_listens_for_all_is_an_error(site: Site) -> None:
    graph, host, _ = site.graph("open", SYSTEM.replace("--bind BIND", "--bind 0.0.0.0"))
    assert refused(site.processes(graph, host)) == (
        "tool listens on 0.0.0.0:3003, which is not declared; let it listen on 127.0.0.1:3003 only"
    )
    graph, host, _ = site.graph("open-pm2", SYSTEM.replace("BIND: 127.0.0.1", "BIND: 0.0.0.0"))
    assert "api listens on 0.0.0.0:3002, which is not declared" in refused(
        site.processes(graph, host)
    )
    graph, host, _ = site.graph("closed")
    assert changed(site.processes(graph, host)) == ["api reloaded"]


def test_renewal_reloads_nginx(site: Site) -> None:
    before = site.machine.inside("sh", "-c", _SHOWN)
    renewed = site.machine.inside(
        *("sh", "-c", "certbot renew --force-renewal --no-random-sleep-on-renew 2>&1")
    )
    assert "all renewals succeeded" in renewed
    time.sleep(2)
    assert site.machine.inside("sh", "-c", _SHOWN) != before
    site.machine.inside(
        "sh", "-c", "curl -sSk https://127.0.0.1:15000/roots/0 >/opt/pebble/roots.pem"
    )
    assert site.get("app.example.com") == "the app"


_SHOWN = (
    "openssl s_client -connect 127.0.0.1:443 -servername app.example.com </dev/null 2>/dev/null | "
    "openssl x509 -noout -serial"
)


def test_a_name_that_cannot_be_proven_takes_no_other_down(site: Site) -> None:
    system = SYSTEM + '  lost.example.com: {to: "tool:3003"}\n'
    graph, _, ingress = site.graph("lost", system)
    line = refused(site.nginx(graph, ingress))
    assert line.startswith("no certificate for lost.example.com: ")
    assert site.get("app.example.com") == "the app"
    graph, _, ingress = site.graph("found")
    changed(site.nginx(graph, ingress))


def test_certificates_of_an_earlier_installation(site: Site) -> None:
    graph, _, ingress = site.graph("earlier")
    earlier = (
        "certbot certonly -n --webroot -w /var/lib/stackgraph/acme --force-renewal "
        "--server https://localhost:14000/dir --renew-with-new-domains "
        "--cert-name app.example.com -d app.example.com -d OTHER"
    )
    site.machine.write(
        "/etc/nginx/sites-enabled/theirs",
        "server { listen 80; server_name theirs.example.com; root /var/lib/stackgraph/acme; }\n",
    )
    site.machine.inside("systemctl", "reload", "nginx")
    site.machine.inside("sh", "-c", earlier.replace("OTHER", "theirs.example.com"))
    assert refused(site.nginx(graph, ingress)) == (
        "no certificate for app.example.com: the one of that name is for theirs.example.com, too, "
        "which is not served here; give that one another name with certbot"
    )
    assert site.get("app.example.com") == "the app"
    site.machine.inside("sh", "-c", earlier.replace("OTHER", "tool.example.com"))
    assert "certificate of app.example.com" in changed(site.nginx(graph, ingress))
    site.machine.inside("rm", "/etc/nginx/sites-enabled/theirs")
    assert changed(site.nginx(graph, ingress)) == []


def test_a_restart_of_the_host(site: Site) -> None:
    graph, host, ingress = site.graph("restart")
    site.machine.restart()
    answer = ""
    end = time.monotonic() + 30
    while not answer.startswith("{") and time.monotonic() < end:
        time.sleep(0.5)
        with contextlib.suppress(RuntimeError):  # nobody listens yet
            answer = site.get("app.example.com/api/")
    assert json.loads(answer)["token"] == SECRET
    assert site.get("app.example.com") == "the app"
    assert changed(site.processes(graph, host)) == []
    assert changed(site.nginx(graph, ingress)) == []


def test_an_invalid_file_changes_nothing(site: Site) -> None:
    graph, _, ingress = site.graph("broken")
    script = nginx.nginx_script(graph, ingress)
    before = site.machine.inside("sh", "-c", "cd /etc/nginx && find . -type f | xargs md5sum")
    broken = script.replace("proxy_pass http://127.0.0.1:3002;", "proxy_pas http://127.0.0.1:3002;")
    assert broken != script
    line = refused(site.machine.run(broken))
    assert line.startswith(
        "nginx refuses the new files, the old ones stay in force: unknown directive "
        '"proxy_pas" in /etc/nginx/sites-enabled/stackgraph-app.example.com.conf:'
    )
    assert "proxy_pas http://127.0.0.1:3002;" in line
    assert "(from route systems/shop/system.yaml:" in line
    assert line.endswith("app.example.com/api/*)")
    after = site.machine.inside("sh", "-c", "cd /etc/nginx && find . -type f | xargs md5sum")
    assert after == before
    assert site.get("app.example.com/api/").startswith("{")


def test_virtual_hosts_of_others(site: Site) -> None:
    graph, _, ingress = site.graph("others")
    other = "server { listen 80; server_name other.example.com; return 204; }\n"
    site.machine.write("/etc/nginx/sites-enabled/other", other)
    assert changed(site.nginx(graph, ingress)) == []
    assert site.machine.read("/etc/nginx/sites-enabled/other") == other
    names = "www.example.com\n    APP.example.com"
    clash = f"server {{\n  listen 8443; # of old\n  server_name {names};\n}}\n"
    site.machine.write("/etc/nginx/sites-enabled/other", clash)
    line = refused(site.nginx(graph, ingress))
    assert line == (
        "others' virtual hosts claim what is ours, so nothing was changed: "
        "/etc/nginx/sites-enabled/other has server_name app.example.com; remove it there, or the "
        "route here"
    )
    first = "server { listen 443 default_server; ssl_reject_handshake on; }\n"
    site.machine.write("/etc/nginx/sites-enabled/other", first)
    line = refused(site.nginx(graph, ingress))
    assert "nginx's own configuration is broken already" in line
    site.machine.inside("rm", "/etc/nginx/sites-enabled/other")


def test_what_is_declared_no_more_goes(site: Site) -> None:
    less = SYSTEM.partition("  tool.example.com")[0]
    less = less.replace(less[less.index("  tool:\n") : less.index("jobs:")], "")
    graph, host, ingress = site.graph("less", less)
    done = changed(site.nginx(graph, ingress))
    assert "/etc/nginx/sites-enabled/stackgraph-tool.example.com.conf" in done
    assert "tool.example.com is not renewed any more" in done
    assert changed(site.processes(graph, host)) == [
        "/etc/systemd/system/stackgraph-shop-tool.service removed"
    ]
    assert "3003" not in site.machine.inside("ss", "-Hltn")


def test_all_of_ours_goes_and_nothing_else(site: Site) -> None:
    _, host, _ = site.graph("gone")
    site.machine.write("/etc/nginx/conf.d/theirs.conf", "# theirs\n")
    changed(site.machine.run(nginx.remove_script(host)))
    changed(site.machine.run(processes.remove_script(host)))
    left = (
        "ls /etc/nginx/*/*stackgraph* /etc/systemd/system/*stackgraph* /etc/systemd/system/pm2-* "
    )
    assert site.machine.inside("sh", "-c", f"{left} 2>/dev/null || :") == ""
    assert site.machine.read("/etc/nginx/conf.d/theirs.conf") == "# theirs\n"
    assert site.machine.inside("systemctl", "is-active", "nginx") == "active"
    assert "3002" not in site.machine.inside("ss", "-Hltn")
    assert changed(site.machine.run(nginx.remove_script(host))) == []


def test_a_default_server_of_others(site: Site) -> None:
    graph, _, ingress = site.graph("default")
    first = "server { listen 80 default_server; return 204; }\n"
    site.machine.write("/etc/nginx/sites-enabled/theirs", first)
    assert refused(site.nginx(graph, ingress)) == (
        "others' virtual hosts claim what is ours, so nothing was changed: "
        "/etc/nginx/sites-enabled/theirs has the default server of port 80; remove it there, or "
        "the route here"
    )
    assert site.machine.read("/etc/nginx/sites-enabled/theirs") == first
