from __future__ import annotations

import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.images import make_image
from rehearsal.lab import Done, Lab, docker
from render.ingress_apply import (
    IngressApply,
    ingress_apply_script,
    write_certificate_script,
    write_token_script,
    write_users_script,
)
from render.shell import feed
from tests.render.certificates import a_certificate
from tests.render.test_handover import shellcheck, timeless
from tests.support import (
    CADDY_OPTIONS,
    Client,
    finish,
    free_port,
    inspect,
    is_running,
    run_script,
    start_script,
    wait_until_healthy,
)

GOLDEN = Path(__file__).parent / "golden"


def a_plan(**changes: Any) -> IngressApply:
    usual: dict[str, Any] = {
        "ingress": "dyniq-contabo",
        "gate": "healthy",
        "timeout_seconds": 30,
        "grace_seconds": 10,
    }
    return IngressApply(**(usual | changes))


TEXTS = {
    "ingress_apply": ingress_apply_script(a_plan(admin="localhost:2019")),
    "write_users": write_users_script("dyniq-docs"),
    "write_certificate": write_certificate_script("dyniq.ai"),
    "write_token": write_token_script("secrets/dns_token"),
}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_text_is_the_golden_one(name: str, update_golden: bool) -> None:
    golden = GOLDEN / f"{name}.sh"
    if update_golden:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(TEXTS[name])
    assert TEXTS[name] == golden.read_text()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_shellcheck_finds_nothing(name: str) -> None:
    shellcheck(TEXTS[name])


@pytest.mark.parametrize("name", ["", "../Caddyfile", "a/b"])
def test_refuses_users_that_are_no_file_name(name: str) -> None:
    with pytest.raises(ValueError, match="is no file name"):
        write_users_script(name)


# --- with real containers ------------------------------------------------------------------------

CADDY = "sgh-test-caddy:latest"
ANSWERS = ":80 {\n\trespond PATH\n}\n"
HEALTH = (
    "--health-cmd=wget -q -O /dev/null http://127.0.0.1:2019/config/",
    "--health-interval=200ms",
    "--health-start-period=10s",
)


@pytest.fixture(scope="module")
def images() -> None:
    make_image(CADDY, "caddy")


class Proxy:
    """The proxy of one host: its volumes, its network, and the scripts run for it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        # sorts first, so that no other network takes over the published ports
        self.own = lab.network("0-own")
        self.config, self.data = lab.volume("config"), lab.volume("data")
        self.port = free_port()

    def create(self, of: str, *options: str) -> str:
        return self.lab.create(
            of,
            CADDY,
            "--label",
            f"dev.stackgraph.ingress={self.lab.name('ingress')}",
            "--network",
            self.own,
            "-v",
            f"{self.config}:/etc/caddy",
            "-v",
            f"{self.data}:/data",
            "-p",
            f"127.0.0.1:{self.port}:80",
            "--cap-drop=ALL",
            "--cap-add=NET_BIND_SERVICE",
            *CADDY_OPTIONS,
            *HEALTH,
            *options,
        )

    def script(self, text: str, **changes: Any) -> str:
        plan = a_plan(ingress=self.lab.name("ingress"), **changes)
        return feed(ingress_apply_script(plan), text)

    def apply(self, new: str, text: str) -> Done:
        return run_script(new, self.script(text))

    def started(self, text: str, of: str = "proxy") -> str:
        new = self.create(of)
        done = self.apply(new, text)
        assert done.returncode == 0, done.stderr
        return new

    @property
    def client(self) -> Client:
        return Client(f"http://127.0.0.1:{self.port}/")

    def says(self, what: str) -> str:
        return f"{self.lab.name('ingress')}: {what}\n"


@pytest.fixture
def proxy(images: None) -> Iterator[Proxy]:
    with Lab() as lab:
        yield Proxy(lab)


def file(container: str, name: str) -> str | None:
    try:
        return docker("exec", container, "cat", f"/etc/caddy/{name}") + "\n"
    except RuntimeError:
        return None


def answers(what: str) -> str:
    return ANSWERS.replace("PATH", what)


@pytest.mark.docker
@pytest.mark.parametrize("shell", [("sh",), ("busybox", "sh")], ids=["sh", "busybox"])
def test_first_start_then_reload_then_nothing(proxy: Proxy, shell: tuple[str, ...]) -> None:
    new = proxy.create("proxy")
    first = run_script(new, proxy.script(answers("one")), shell)
    assert timeless(first.stdout) == proxy.says("stop-first, healthy after N s")
    assert (first.returncode, first.stderr) == (0, "")
    assert proxy.client.ask() == "one"

    started = inspect(new)["State"]["StartedAt"]
    with proxy.client.asking() as client:
        second = run_script(new, proxy.script(answers("two"), admin="localhost:2019"), shell)
    assert second.stdout == proxy.says("reloaded")
    assert client.lost == 0
    assert set(client.answers) <= {"one", "two"}
    assert proxy.client.ask() == "two"
    assert file(new, "Caddyfile") == answers("two")
    assert file(new, "Caddyfile.last") == answers("one")
    assert file(new, "Caddyfile.next") is None

    third = run_script(new, proxy.script(answers("two")), shell)
    assert third.stdout == proxy.says("nothing to do")
    assert inspect(new)["State"]["StartedAt"] == started
    assert "config is unchanged" not in docker("logs", new)


@pytest.mark.docker
def test_an_invalid_caddyfile_changes_nothing(proxy: Proxy) -> None:
    new = proxy.started(answers("one"))
    with proxy.client.asking() as client:
        done = proxy.apply(new, ":80 {\n\trespnd two\n}\n")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == proxy.says(
        "Caddy refuses the new Caddyfile, so the former one stays in force: line 2: respnd two: "
        "adapting config using caddyfile: /etc/caddy/Caddyfile.next:2: unrecognized directive: "
        "respnd"
    )
    assert set(client.answers) == {"one"}
    assert file(new, "Caddyfile") == answers("one")
    assert file(new, "Caddyfile.next") is None


@pytest.mark.docker
def test_an_error_names_the_route_of_its_line(proxy: Proxy) -> None:
    new = proxy.started(answers("one"))
    routes = (
        ":80 {\n\thandle /a {\n\t\t# route a.example.com/a of shop\n\t\troute {\n\t\t}\n\t}\n"
        "\thandle /b {\n\t\t# route a.example.com/b of shop\n\t\troute {\n\t\t\tencode nothing\n"
        "\t\t}\n\t}\n\thandle {\n\t\t# route a.example.com of shop\n\t\trespond 200\n\t}\n}\n"
    )
    done = proxy.apply(new, routes)
    assert done.returncode == 1
    assert "line 10: encode nothing, of route a.example.com/b of shop: " in done.stderr
    assert proxy.client.ask() == "one"


@pytest.mark.docker
def test_an_invalid_caddyfile_starts_nothing(proxy: Proxy) -> None:
    old = proxy.started(answers("one"), of="old")
    new = proxy.create("new")
    done = proxy.apply(new, "nonsense {")
    assert done.returncode == 1
    assert "Caddy refuses the new Caddyfile" in done.stderr
    assert inspect(new)["State"]["Status"] == "created"
    assert proxy.client.ask() == "one"
    assert file(old, "Caddyfile.next") is None


@pytest.mark.docker
def test_the_networks_that_it_has_joined_stay(proxy: Proxy) -> None:
    new = proxy.create("proxy")
    extra = proxy.lab.network("extra")
    docker("network", "connect", extra, new)
    assert proxy.apply(new, answers("one")).returncode == 0
    assert set(inspect(new)["NetworkSettings"]["Networks"]) == {proxy.own, extra}


@pytest.mark.docker
def test_a_new_proxy_takes_over(proxy: Proxy) -> None:
    old = proxy.started(answers("one"), of="old")
    new = proxy.create("new")
    with proxy.client.asking() as client:
        time.sleep(0.5)
        done = proxy.apply(new, answers("two"))
        time.sleep(0.5)
    assert timeless(done.stdout) == proxy.says("stop-first, healthy after N s, old one stopped")
    assert done.stderr == ""
    assert client.answers["two"] > 0
    assert 0 < client.lost < client.asked / 2
    assert not is_running(old)


@pytest.mark.docker
def test_a_new_proxy_that_fails_gives_way_to_the_old_one_and_its_caddyfile(proxy: Proxy) -> None:
    old = proxy.started(answers("one"), of="old")
    new = proxy.create("new", "--entrypoint=/bin/false")
    done = proxy.apply(new, answers("two"))
    assert done.returncode == 1
    assert timeless(done.stderr).splitlines() == [
        proxy.says(
            f"{proxy.lab.name('new')} exited with code 1 after N s; its log is empty"
        ).strip(),
        proxy.says(
            f"the old container {proxy.lab.name('old')} serves again, healthy after N s"
        ).strip(),
    ]
    assert proxy.client.ask() == "one"
    assert file(old, "Caddyfile") == answers("one")


@pytest.mark.docker
def test_a_signal_while_a_new_proxy_starts_brings_the_old_one_back(proxy: Proxy) -> None:
    old = proxy.started(answers("one"), of="old")
    new = proxy.create("new", "--health-cmd=false")
    run = start_script(new, proxy.script(answers("two")))
    while is_running(old):
        time.sleep(0.05)
    run.send_signal(signal.SIGTERM)
    done = finish(run)
    assert done.returncode == 1
    assert f"{proxy.lab.name('old')} serves again" in done.stderr
    assert proxy.client.ask() == "one"
    assert file(old, "Caddyfile") == answers("one")


@pytest.mark.docker
def test_a_proxy_without_a_caddyfile_is_refused(proxy: Proxy) -> None:
    done = proxy.apply(proxy.create("proxy"), "")
    assert done.returncode == 1
    assert done.stderr == proxy.says("no Caddyfile came in")


# the text "hiccup", hashed by `caddy hash-password`, and "other"
USERS = "bob $2a$14$xuIEAdAXR1Zj7XBY3R4N7O8bRBPXCcmHrOx0g2kVUoKzBmIKUIdtS\n"
GUARDED = ":80 {\n\tbasicauth {\n\t\timport users/docs\n\t}\n\trespond secret\n}\n"


@pytest.mark.docker
def test_who_deploys_need_not_be_root(proxy: Proxy) -> None:
    new = proxy.create("proxy")
    group = Path("/var/run/docker.sock").stat().st_gid
    somebody = ("setpriv", "--reuid=12345", f"--regid={group}", "--clear-groups", "sh")
    done = run_script(new, feed(write_users_script("docs"), "ann hash\n"), somebody)
    assert (done.stdout, done.stderr) == ("users of docs: written\n", "")
    listed = subprocess.run(
        f"docker cp {new}:/etc/caddy/users/docs - | tar -tv --numeric-owner",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout.split()[:2] == ["-rw-------", "0/0"]


@pytest.mark.docker
def test_users_are_written_for_caddy_only_and_taken_at_once(proxy: Proxy) -> None:
    new = proxy.create("proxy")

    def write(users: str) -> Done:
        return run_script(new, feed(write_users_script("docs"), users))

    first = write(USERS)
    assert (first.stdout, first.stderr) == ("users of docs: written\n", "")
    assert proxy.apply(new, GUARDED).returncode == 0
    assert docker("exec", new, "stat", "-c", "%a %U", "/etc/caddy/users/docs") == "600 root"
    assert proxy.client.ask() == "failed: HTTP Error 401: Unauthorized"

    second = write(f"{USERS}eve {USERS.split()[1]}\n")
    assert (second.stdout, second.stderr) == ("users of docs: written\n", "")
    loaded = docker("exec", new, "wget", "-q", "-O", "-", "http://127.0.0.1:2019/config/")
    assert '"eve"' in loaded
    assert docker("exec", new, "stat", "-c", "%a", "/etc/caddy/users/docs") == "600"
    third = write(f"{USERS}eve {USERS.split()[1]}\n")
    assert third.stdout == "users of docs: nothing to do\n"
    assert USERS.split()[1] not in first.stdout + second.stdout + third.stdout

    empty = write("")
    assert empty.returncode == 1
    assert "no users came in" in empty.stderr
    wrong = write("bob not-a-hash\n")
    assert wrong.returncode == 1
    assert "Caddy does not take it" in wrong.stderr
    assert proxy.client.ask() == "failed: HTTP Error 401: Unauthorized"


@pytest.mark.docker
def test_a_certificate_is_one_file_and_a_new_one_is_served_at_once(
    proxy: Proxy, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        a_certificate(tmp_path, name, "shop.example.com")
    new = proxy.create("proxy")

    def write(name: str) -> Done:
        pem = (tmp_path / f"{name}.pem").read_text()
        return run_script(new, feed(write_certificate_script("own"), pem))

    served = "/etc/caddy/certificates/own.pem"
    assert write("first").stdout == "certificate own: written\n"
    site = f"https://:80 {{\n\ttls {served} {served}\n\trespond one\n}}\n"
    text = f"{{\n\tauto_https off\n\thttp_port 81\n}}\n\n{site}"
    applied = proxy.apply(new, text)
    assert applied.returncode == 0, applied.stderr
    assert docker("exec", new, "stat", "-c", "%a %U", served) == "600 root"

    def subject() -> str:
        pem = ssl.get_server_certificate(("127.0.0.1", proxy.port))
        return "first" if pem.strip() in (tmp_path / "first.crt").read_text() else "second"

    assert subject() == "first"
    second = write("second")
    assert (second.stdout, second.stderr) == ("certificate own: written\n", "")
    assert subject() == "second"

    broken = run_script(new, feed(write_certificate_script("own"), "not a certificate\n"))
    assert broken.returncode == 1
    assert "the former one stays: Caddy does not take it" in broken.stderr
    assert subject() == "second"
    docker("restart", new)
    wait_until_healthy(new)
    assert subject() == "second"


@pytest.mark.docker
def test_a_token_is_written_for_caddy_only(proxy: Proxy) -> None:
    new = proxy.started(answers("one"))
    done = run_script(new, feed(write_token_script("secrets/dns_token"), "hunter2"))
    assert (done.stdout, done.stderr) == ("token for DNS: written\n", "")
    assert docker("exec", new, "stat", "-c", "%a %U", "/etc/caddy/secrets/dns_token") == "600 root"
    assert proxy.client.ask() == "one"
