"""Before a deploy: hosts that do not answer are named, all at once, and nothing is changed."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import preflight
from components.knock import Door, knock
from components.preflight import Preflight, doors
from components.program import run
from config.stack import HostAccess
from graph.model import StackGraph
from preview.record import Recording, record
from tests.workspace import SHOP, graph_of, shop, stackgraph

OPENSSH = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
HERE, THERE = "127.0.0.1", "127.0.0.2"
SHORT = 0.6


class Server:
    """Greets whoever connects; notes what they say, until they have gone."""

    def __init__(self, greeting: bytes = OPENSSH, *, stays: bool = True) -> None:
        self.heard: list[bytes] = []
        self._greeting, self._stays = greeting, stays
        self._socket = socket.create_server((HERE, 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            said = b""
            with connection, suppress(ConnectionError):
                connection.sendall(self._greeting)
                while self._stays and (more := connection.recv(1024)):
                    said += more
            self.heard.append(said)

    def said(self, connections: int) -> list[bytes]:
        """Give what was said in so many connections, as soon as all of them are over."""
        end = time.monotonic() + 5
        while len(self.heard) < connections and time.monotonic() < end:
            time.sleep(0.01)
        return self.heard

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def serving(greeting: bytes = OPENSSH, *, stays: bool = True) -> Iterator[Server]:
    server = Server(greeting, stays=stays)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def black_hole() -> Iterator[int]:
    """Give a port at which the kernel drops who wants to connect: its queue is full."""
    with ExitStack() as open_ones:
        listening = open_ones.enter_context(socket.socket())
        listening.bind((HERE, 0))
        listening.listen(0)
        for _ in range(4):
            waiting = open_ones.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def closed_port() -> int:
    with socket.socket() as found:
        found.bind((HERE, 0))
        port: int = found.getsockname()[1]
    return port


def heard(port: int, address: str = HERE, *, again: bool = False) -> str | None:
    door = Door(address, port)
    shut = knock({"one": [door]}, patience=SHORT, again=again)
    return shut["one"][door] if shut else None


# --- one door


def test_ssh_answers_and_is_left_politely() -> None:
    with serving(b"Welcome.\r\n" + OPENSSH) as server:
        assert heard(server.port) is None
        assert server.said(1) == [b"SSH-2.0-stackgraph\r\n"]


@pytest.mark.parametrize(
    ("greeting", "stays", "said"),
    [
        (b"220 mail.example.com ESMTP\r\n", True, "answers, but not as SSH"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, "answers, but not as SSH"),
        (b"not SSH-2.0-really\r\n", False, "answers, but not as SSH"),
        (b"x" * 10_000, True, "answers, but not as SSH"),
        (b"", False, "closes the connection at once"),
        (b"", True, "takes the connection and says nothing"),
    ],
)
def test_something_else_is_told_apart(greeting: bytes, stays: bool, said: str) -> None:
    with serving(greeting, stays=stays) as server:
        assert heard(server.port) == said


def test_nobody_listens() -> None:
    assert heard(closed_port()) == "refuses the connection"


def test_nobody_answers() -> None:
    with black_hole() as port:
        started = time.monotonic()
        assert heard(port) == "does not answer"
        assert SHORT <= time.monotonic() - started < SHORT + 1


def test_a_name_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    # How long a real one takes is its resolver's.
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert heard(22, "host.invalid") == "has no address in DNS"


def test_a_host_that_comes_up_meanwhile_is_waited_for() -> None:
    port = closed_port()
    servers: list[socket.socket] = []

    def come_up() -> None:
        time.sleep(0.5)
        server = socket.create_server((HERE, port))
        servers.append(server)
        connection, _ = server.accept()
        with connection:
            connection.sendall(OPENSSH)

    threading.Thread(target=come_up, daemon=True).start()
    door = Door(HERE, port)
    assert knock({"one": [door]}, patience=5, again=True) == {}
    servers[0].close()


def test_many_at_once_take_the_time_of_one() -> None:
    with black_hole() as hole, serving() as server:
        places = {n: [Door(HERE, hole if n % 2 else server.port)] for n in range(20)}
        started = time.monotonic()
        shut = knock(places, patience=SHORT, again=True)
        assert time.monotonic() - started < SHORT + 1
        assert sorted(shut) == list(range(1, 20, 2))


def test_one_door_that_opens_is_enough_and_the_other_is_not_waited_for() -> None:
    with black_hole() as hole, serving() as server:
        started = time.monotonic()
        both = [Door(HERE, hole), Door(HERE, server.port)]
        assert knock({"one": both}, patience=10, again=True) == {}
        assert time.monotonic() - started < 2


def test_a_name_that_cannot_be_one() -> None:
    assert heard(22, "a..b", again=True) == "has no address in DNS"


# --- which doors, of which hosts

KEY = "ssh-ed25519 AAAA"
JUMP = {"address": "198.51.100.1", "port": 2200, "host_key": KEY}
EC2 = {"region": "eu-central-1", "instance_type": "t4g.large", "public_key": KEY}


@pytest.mark.parametrize(
    ("access", "found"),
    [
        ({}, ["192.0.2.10 port 22"]),
        ({"port": 804}, ["192.0.2.10 port 804"]),
        ({"port": 804, "first": {"port": 22}}, ["192.0.2.10 port 804", "192.0.2.10 port 22"]),
        ({"port": 22, "first": {"user": "debian"}}, ["192.0.2.10 port 22"]),
        ({"jump": JUMP}, ["198.51.100.1 port 2200"]),
        ({"address": "", "ec2": EC2}, []),
    ],
)
def test_doors_of_a_host(access: dict[str, Any], found: list[str], tmp_path: Path) -> None:
    (host,) = graph_of(shop(tmp_path), "prod").hosts.values()
    settings = HostAccess.model_validate({"address": "192.0.2.10", "host_key": KEY, **access})
    assert [str(door) for door in doors(replace(host, access=settings))] == found
    assert doors(replace(host, access=None)) == ()


# --- the program

THREE = SHOP["systems/shop/system.yaml"].replace(
    "apps:",
    "  two: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB}\n"
    "  three: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB}\n"
    "  theirs: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB, managed_by: others}\n"
    "apps:",
)


def three_hosts(folder: Path, ports: dict[str, int], system: str = THREE) -> StackGraph:
    hosts = {
        name: {"address": THERE if name == "theirs" else HERE, "port": port, "host_key": KEY}
        for name, port in ports.items()
    }
    values = {
        "stackgraph:target": "prod",
        "stackgraph:systems": ["shop"],
        "stackgraph:shop": {"hosts": hosts, "secrets": {"DB_PASSWORD": "x"}},
    }
    stack = json.dumps({"config": values})
    return graph_of(shop(folder, {"Pulumi.prod.yaml": stack, "system.yaml": system}), "prod")


def recorded(check: Callable[[], None], *, dry_run: bool) -> Recording:
    def program() -> None:
        pulumi.runtime.settings.SETTINGS.dry_run = dry_run
        check()

    return record(program, project="p", stack="prod")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "PREVIEW_PATIENCE", SHORT)
    monkeypatch.setattr(preflight, "UP_PATIENCE", SHORT)


def test_up_names_all_that_do_not_answer_and_stops(tmp_path: Path) -> None:
    with black_hole() as hole, serving() as server:
        shut = closed_port()
        ports = {"vps": shut, "two": server.port, "three": hole, "theirs": shut}
        graph = three_hosts(tmp_path, ports)
        with pytest.raises(pulumi.RunError) as raised:
            recorded(lambda: Preflight().reachable(graph), dry_run=False)
    remedy = "start it, or correct address or port: pulumi config set --stack prod --path "
    assert str(raised.value).splitlines() == [
        "",
        f"host shop/three: {HERE} port {hole} does not answer (1 s); {remedy}"
        "'stackgraph:shop.hosts.three.address' ADDRESS",
        f"host shop/vps: {HERE} port {shut} refuses the connection (1 s); {remedy}"
        "'stackgraph:shop.hosts.vps.address' ADDRESS",
        "nothing was changed",
    ]


def test_a_preview_goes_on_and_warns(tmp_path: Path) -> None:
    with black_hole() as hole, serving() as server:
        ports = {"vps": hole, "two": server.port, "three": server.port, "theirs": hole}
        graph = three_hosts(tmp_path, ports)
        recording = recorded(lambda: Preflight().reachable(graph), dry_run=True)
    (message,) = recording.messages
    assert message.severity == "warning"
    assert message.text == (
        f"host shop/vps: {HERE} port {hole} does not answer (1 s); "
        "the preview goes by what was deployed last"
    )


def test_all_answer(tmp_path: Path) -> None:
    with serving() as server:
        graph = three_hosts(tmp_path, dict.fromkeys(("vps", "two", "three", "theirs"), server.port))
        assert recorded(lambda: Preflight().reachable(graph), dry_run=False).messages == ()
        # One connection a host, and none to that of others.
        assert len(server.said(3)) == 3


def test_a_plan_connects_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Path(__file__).parents[2]
    with serving() as server:
        three_hosts(tmp_path, {"vps": server.port}, SHOP["systems/shop/system.yaml"])
        (tmp_path / "__main__.py").write_text((project / "__main__.py").read_text())
        answer = stackgraph(tmp_path, "plan", "--stack", "prod")
        assert answer.exit_code == 0, answer.err
        values = json.loads((tmp_path / "Pulumi.prod.yaml").read_text())["config"]
        config = {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
        record(lambda: run(tmp_path), project="stackgraph", stack="prod", config=config)
        assert server.heard == []
        # The real program, which is what this would find, does connect.
        monkeypatch.setattr(preflight, "ask_registries", lambda _: {})
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

        def program() -> None:
            run(tmp_path, Preflight())

        record(program, project="stackgraph", stack="prod", config=config)
        assert len(server.said(1)) == 1
