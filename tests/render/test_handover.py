from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.images import Stub, make_image
from rehearsal.lab import Lab, docker
from render.handover import Handover, HeldAlias, Upstream, handover_script
from render.shell import assign, each, feed, hooks, quote
from tests.support import (
    CADDY_OPTIONS,
    Client,
    finish,
    free_port,
    inspect,
    is_running,
    published,
    run_script,
    start_script,
    wait_until_healthy,
)

GOLDEN = Path(__file__).parent / "golden"
SERVICE = "dyniq-n8n-n8n"


def a_plan(**changes: Any) -> Handover:
    usual: dict[str, Any] = {
        "service": SERVICE,
        "order": "start-first",
        "gate": "healthy",
        "timeout_seconds": 15,
        "grace_seconds": 5,
    }
    return Handover(**(usual | changes))


ROUTED = {"upstreams": (Upstream(name="n8n-5678", port=5678),), "ingress": "dyniq-contabo"}
HELD = HeldAlias(network="net", aliases=("n8n", "api"), addresses=("10.9.0.200", "10.9.0.201"))
PLANS = {
    "stop_first": a_plan(order="stop-first", timeout_seconds=60, grace_seconds=30),
    "everything": a_plan(**ROUTED, restart_with=("dyniq-n8n-postgres",), aliases=(HELD,)),
}


# --- the text ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(PLANS))
def test_text_is_the_golden_one(name: str, update_golden: bool) -> None:
    golden, text = GOLDEN / f"handover_{name}.sh", handover_script(PLANS[name])
    if update_golden:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("name", sorted(PLANS))
def test_shellcheck_finds_nothing(name: str) -> None:
    shellcheck(handover_script(PLANS[name]))


def shellcheck(text: str) -> None:
    try:
        done = subprocess.run(
            ["shellcheck", "-s", "sh", "-"], input=text, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("no shellcheck on PATH")
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"upstreams": ROUTED["upstreams"]}, "name the ingress"),
        ({"order": "stop-first", **ROUTED}, "only start-first"),
        ({"order": "stop-first", "aliases": (HELD,)}, "only start-first"),
        ({"gate": "running", "timeout_seconds": 3}, "allow 5 or more"),
    ],
)
def test_refuses_what_cannot_be(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        a_plan(**changes)


@pytest.mark.parametrize("name", ["", ".", "a/b", "a b", "../x"])
def test_refuses_an_upstream_that_is_no_file_name(name: str) -> None:
    with pytest.raises(ValueError, match="is no file name"):
        Upstream(name=name, port=80)


WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def shell_says(script: str) -> bytes:
    return subprocess.run(["sh"], input=script.encode(), capture_output=True, check=True).stdout


@given(WORDS)
def test_any_word_comes_out_as_it_went_in(word: str) -> None:
    assert shell_says(f"printf %s {quote(word)}") == word.encode()


@given(WORDS)
def test_any_value_can_be_assigned(word: str) -> None:
    assert shell_says(assign({"VALUE": word}) + 'printf %s "$VALUE"') == word.encode()


@given(st.lists(st.lists(WORDS.filter(bool), min_size=1, max_size=3), max_size=3))
def test_any_rows_become_calls(rows: list[list[str]]) -> None:
    said = shell_says(each("all", rows) + "all printf '%s\\0'")
    assert said == b"".join(word.encode() + b"\0" for row in rows for word in row)


@given(WORDS)
def test_any_text_can_be_fed(text: str) -> None:
    assert shell_says(feed("cat\n", text)) == text.encode()


@given(WORDS)
def test_any_service_name_gives_a_script_that_only_names_it(word: str) -> None:
    text = handover_script(a_plan(service=word, restart_with=(word,)))
    settings = text[text.index("each_dependency() {") :].removesuffix("hand_over\n")
    said = shell_says(f'{settings}printf "%s\\0" "$SERVICE"; each_dependency printf %s')
    assert said == f"{word}\0dev.stackgraph.service={word}".encode()


def test_no_word_holds_nul() -> None:
    with pytest.raises(ValueError, match="NUL"):
        quote("a\0b")


def test_a_call_that_fails_ends_the_rows() -> None:
    script = each("all", [("a",), ("b",)]) + 'no() { echo "$1"; false; }\nall no || echo failed'
    assert shell_says(script) == b"a\nfailed\n"


def test_hooks_run_until_one_fails() -> None:
    script = hooks({"empty": (), "two": ("false", "echo two")})
    assert shell_says(f"{script}empty && echo empty; two || echo failed") == b"empty\nfailed\n"


# --- with real containers ------------------------------------------------------------------------

BUSYBOX = ("busybox", "sh")
IMAGE = "sgh-test-stub:latest"
CADDY = "sgh-test-caddy:latest"
HEALTH = (
    "--health-cmd=wget -q -O /dev/null http://127.0.0.1:80/ || { echo nothing answers; false; }",
    "--health-interval=200ms",
    "--health-timeout=2s",
    "--health-retries=2",
    "--health-start-period=5s",
)
SICK = ("-e", "STUB_SICK=1", "--health-start-period=0s")
FAILS = ("-e", "STUB_EXIT=1", "-e", "STUB_LINES=reading settings|cannot open the database")


@pytest.fixture(scope="module")
def images() -> None:
    make_image(IMAGE, stub=Stub(name="stub", http=(80,)))
    make_image(CADDY, "caddy")


@pytest.fixture
def lab(images: None) -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


def service(lab: Lab, of: str, *options: str, health: bool = True, label: str = "web") -> str:
    """Create a container of a service, not started; it answers with its own name."""
    return lab.create(
        of,
        IMAGE,
        "--label",
        f"dev.stackgraph.service={lab.name(label)}",
        "-e",
        f"STUB_NAME={of}",
        *(HEALTH if health else ()),
        *options,
    )


def serving(lab: Lab, of: str, *options: str, health: bool = True, label: str = "web") -> str:
    made = service(lab, of, *options, health=health, label=label)
    docker("start", made)
    if health:
        wait_until_healthy(made)
    return made


def hand_over(lab: Lab, new: str, shell: tuple[str, ...] = ("sh",), **changes: Any) -> Any:
    return run_script(new, script(lab, **changes), shell)


def timeless(text: str) -> str:
    """Leave out how many seconds it took."""
    return re.sub(r"\b\d+ s\b", "N s", text)


def script(lab: Lab, **changes: Any) -> str:
    return handover_script(a_plan(service=lab.name("web"), **changes))


def routed(lab: Lab) -> dict[str, Any]:
    return {"upstreams": (Upstream(name="web-80", port=80),), "ingress": lab.name("ingress")}


def ingress(lab: Lab, network: str, tmp_path: Path, old: str | None = None) -> str:
    """Create a Caddy that routes to what its upstream file says; it runs if ``old`` is given."""
    label = f"dev.stackgraph.ingress={lab.name('ingress')}"
    config = f"{lab.volume('config')}:/etc/caddy"
    options = ("--label", label, "--network", network, "-v", config, "-p", "127.0.0.1:0:80")
    made = lab.create("ingress", CADDY, *options, *CADDY_OPTIONS)
    if old:
        text = ":80 {\n\treverse_proxy {\n\t\timport upstreams/web-80\n\t}\n}\n"
        (tmp_path / "Caddyfile").write_text(text)
        (tmp_path / "upstreams").mkdir()
        (tmp_path / "upstreams" / "web-80").write_text(f"to {lab.name(old)}:80\n")
        docker("cp", f"{tmp_path}/.", f"{made}:/etc/caddy")
        docker("start", made)
        client = Client(f"http://127.0.0.1:{published(made, 80)}/")
        for _ in range(50):
            if client.ask() == old:
                return made
            time.sleep(0.1)
        raise AssertionError(client.ask())
    return made


def upstream(proxy: str, tmp_path: Path) -> str:
    docker("cp", f"{proxy}:/etc/caddy/upstreams/web-80", str(tmp_path / "found"))
    return (tmp_path / "found").read_text()


@pytest.mark.docker
def test_start_first_loses_no_request(lab: Lab, tmp_path: Path) -> None:
    network = lab.network("net")
    old = serving(lab, "old", "--network", network)
    proxy = ingress(lab, network, tmp_path, old="old")
    new = service(lab, "new", "--network", network, "-e", "STUB_DELAY=0.5")
    url = f"http://127.0.0.1:{published(proxy, 80)}"

    slow = Client(f"{url}/slow/1.5", pause=0)
    with Client(f"{url}/").asking() as client, slow.asking():
        done = hand_over(lab, new, **routed(lab))

    assert done.stderr == ""
    assert timeless(done.stdout) == (
        f"{lab.name('web')}: start-first, healthy after N s, old one stopped\n"
    )
    assert done.returncode == 0
    assert client.lost == slow.lost == 0, (client.answers, slow.answers)
    assert client.answers["new"] > 0
    assert slow.answers["old"] > 0, "in-flight requests end"
    assert upstream(proxy, tmp_path) == f"to {lab.name('new')}:80\n"
    assert not is_running(old)
    assert inspect(old)["State"]["ExitCode"] == 0


@pytest.mark.docker
def test_start_first_that_fails_is_not_noticed(lab: Lab, tmp_path: Path) -> None:
    network = lab.network("net")
    old = serving(lab, "old", "--network", network)
    proxy = ingress(lab, network, tmp_path, old="old")
    new = service(lab, "new", "--network", network, *FAILS)

    with Client(f"http://127.0.0.1:{published(proxy, 80)}/").asking() as client:
        done = hand_over(lab, new, **routed(lab))

    web = lab.name("web")
    assert done.returncode == 1
    assert done.stdout == ""
    assert timeless(done.stderr).splitlines() == [
        f"{web}: {lab.name('new')} exited with code 1 after N s; the last lines of its log:",
        "  | reading settings",
        "  | cannot open the database",
        f"{web}: the old container {lab.name('old')} serves on",
    ]
    assert client.lost == 0
    assert set(client.answers) == {"old"}
    assert is_running(old)
    assert upstream(proxy, tmp_path) == f"to {lab.name('old')}:80\n"


@pytest.mark.docker
def test_unhealthy_says_what_the_check_said(lab: Lab) -> None:
    old = serving(lab, "old")
    new = service(lab, "new", *SICK)
    done = hand_over(lab, new)
    assert done.returncode == 1
    first, *_, last = done.stderr.splitlines()
    assert "unhealthy: wget: server returned error 503 nothing answers; the last lines" in first
    assert last == f"{lab.name('web')}: the old container {lab.name('old')} serves on"
    assert is_running(old)
    assert not is_running(new)


@pytest.mark.docker
def test_too_slow_is_a_failure(lab: Lab) -> None:
    for former in ("older", "newer"):
        docker("start", "--attach", service(lab, former, "-e", "STUB_EXIT=0"))
    new = service(lab, "new", "-e", "STUB_DELAY=30", "--health-start-period=30s")
    done = hand_over(lab, new, timeout_seconds=2)
    assert done.returncode == 1
    first, *rest = done.stderr.splitlines()
    assert f"{lab.name('new')} not healthy within 2 s: wget: 127.0.0.1:80: " in first
    assert rest == [
        f"{lab.name('web')}: nothing serves now",
        f"{lab.name('web')}: the former container is {lab.name('newer')}; "
        f"docker start {lab.name('newer')} brings it back",
    ]
    assert not is_running(new)


@pytest.mark.docker
def test_a_container_without_a_check_is_never_healthy(lab: Lab) -> None:
    done = hand_over(lab, service(lab, "new", health=False))
    assert done.returncode == 1
    assert f"{lab.name('new')} has no health check" in done.stderr


@pytest.mark.docker
@pytest.mark.parametrize("gate", ["healthy", "running"])
def test_a_crash_loop_is_seen_at_once(lab: Lab, gate: str) -> None:
    new = service(lab, "new", "--restart=unless-stopped", *FAILS)
    began = time.monotonic()
    done = hand_over(lab, new, gate=gate, timeout_seconds=60)
    assert time.monotonic() - began < 30
    assert done.returncode == 1
    assert "again and again" in done.stderr or "crashed and was restarted" in done.stderr
    assert inspect(new)["State"]["Status"] == "exited"


@pytest.mark.docker
def test_running_means_for_three_seconds(lab: Lab) -> None:
    late = service(
        lab, "late", "-e", "STUB_EXIT=3", "-e", "STUB_EXIT_AFTER=1.5", health=False, label="late"
    )
    good = service(lab, "good", health=False)
    began = time.monotonic()
    runs = [
        start_script(
            new, handover_script(a_plan(service=lab.name(label), gate="running", order=order))
        )
        for new, label, order in ((late, "late", "start-first"), (good, "web", "stop-first"))
    ]
    bad, fine = (finish(run) for run in runs)
    assert time.monotonic() - began > 3
    assert f"{lab.name('late')} exited with code 3 after " in bad.stderr
    assert fine.returncode == 0
    assert fine.stdout.startswith(f"{lab.name('web')}: stop-first, running for ")


def stateful(lab: Lab, of: str, volume: str, port: int, *options: str) -> str:
    return service(lab, of, "-v", f"{volume}:/data", "-p", f"127.0.0.1:{port}:80", *options)


@pytest.mark.docker
@pytest.mark.parametrize("good", [True, False], ids=["good", "bad"])
def test_stop_first_is_short_and_comes_back(lab: Lab, good: bool) -> None:
    volume, port = lab.volume("data"), free_port()
    old = stateful(lab, "old", volume, port)
    docker("start", old)
    wait_until_healthy(old)
    new = stateful(lab, "new", volume, port, *(() if good else FAILS))

    with Client(f"http://127.0.0.1:{port}/").asking() as client:
        time.sleep(1)
        done = hand_over(lab, new, BUSYBOX, order="stop-first")
        time.sleep(1)

    web = lab.name("web")
    assert client.answers["old"] > 0
    # from the stop to the first answer, at fifty requests a second
    assert 0 < client.lost < client.asked / 2
    if good:
        assert done.returncode == 0
        assert done.stderr == ""
        said = timeless(done.stdout)
        assert said == f"{web}: stop-first, healthy after N s, old one stopped\n"
        assert client.answers["new"] > 0
        assert not is_running(old)
    else:
        assert done.returncode == 1
        assert timeless(done.stderr).splitlines() == [
            f"{web}: {lab.name('new')} exited with code 1 after N s; the last lines of its log:",
            "  | reading settings",
            "  | cannot open the database",
            f"{web}: the old container {lab.name('old')} serves again, healthy after N s",
        ]
        assert Client(f"http://127.0.0.1:{port}/").ask() == "old"


@pytest.mark.docker
def test_an_old_one_that_does_not_come_back_is_said(lab: Lab) -> None:
    # healthy once; after that its file is there, and it fails
    once = "[ ! -e /ran ] && touch /ran && exec stub; echo no more; exit 4"
    old = lab.create(
        "old",
        IMAGE,
        "--label",
        f"dev.stackgraph.service={lab.name('web')}",
        "--entrypoint=sh",
        *HEALTH,
        command=("-c", once),
    )
    docker("start", old)
    wait_until_healthy(old)
    done = hand_over(lab, service(lab, "new", *FAILS), order="stop-first")
    assert timeless(done.stderr).splitlines()[-3:] == [
        f"{lab.name('web')}: the old container {lab.name('old')} was started again, but fails, "
        "too: exited with code 4 after N s",
        f"{lab.name('web')}: nothing serves now",
        f"{lab.name('web')}: the former container is {lab.name('old')}; "
        f"docker start {lab.name('old')} brings it back",
    ]


@pytest.mark.docker
def test_a_port_in_use_is_said_and_the_old_one_comes_back(lab: Lab) -> None:
    port = free_port()
    lab.start("other", IMAGE, "-p", f"127.0.0.1:{port}:80")
    old = serving(lab, "old")
    new = service(lab, "new", "-p", f"127.0.0.1:{port}:80")
    done = hand_over(lab, new, order="stop-first")
    assert done.returncode == 1
    first, last = done.stderr.splitlines()
    assert first.startswith(f"{lab.name('web')}: {lab.name('new')} could not be started: ")
    assert "port is already allocated" in first
    assert first.endswith("; its log is empty")
    assert f"{lab.name('old')} serves again" in last
    assert is_running(old)


@pytest.mark.docker
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_between_stop_and_start_brings_the_old_one_back(
    lab: Lab, sent: signal.Signals
) -> None:
    # the old one takes a second to stop, the new one never gets healthy
    old = serving(lab, "old")
    new = service(lab, "new", "-e", "STUB_DELAY=60", "--health-start-period=60s")
    run = start_script(new, script(lab, order="stop-first", timeout_seconds=60))
    while is_running(old):
        time.sleep(0.05)
    run.send_signal(sent)
    done = finish(run)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert "had not taken over when the deploy was interrupted, after " in lines[0]
    assert f"{lab.name('old')} serves again, healthy after " in lines[-1]
    assert is_running(old)
    assert not is_running(new)


@pytest.mark.docker
def test_a_reader_that_has_gone_does_not_stop_the_way_back(lab: Lab) -> None:
    old = serving(lab, "old")
    new = service(lab, "new", *FAILS)
    run = start_script(new, script(lab, order="stop-first"))
    assert run.stderr is not None
    run.stderr.close()
    assert run.wait(30) == 1
    assert run.stdout is not None
    run.stdout.close()
    wait_until_healthy(old)


@pytest.mark.docker
def test_killed_and_run_again_finishes(lab: Lab, tmp_path: Path) -> None:
    network = lab.network("net")
    old = serving(lab, "old", "--network", network)
    proxy = ingress(lab, network, tmp_path, old="old")
    new = service(lab, "new", "--network", network)
    # killed between the rename of the upstream file and the reload: Caddy does not know yet
    docker("start", new)
    wait_until_healthy(new)
    (tmp_path / "half").write_text(f"to {lab.name('new')}:80\n")
    docker("cp", str(tmp_path / "half"), f"{proxy}:/etc/caddy/upstreams/web-80")
    done = hand_over(lab, new, **routed(lab))
    assert done.stdout == f"{lab.name('web')}: start-first, healthy already, old one stopped\n"
    assert Client(f"http://127.0.0.1:{published(proxy, 80)}/").ask() == "new"
    assert not is_running(old)


@pytest.mark.docker
def test_again_is_nothing_but_a_missing_upstream_file(lab: Lab, tmp_path: Path) -> None:
    network = lab.network("net")
    proxy = ingress(lab, network, tmp_path)  # created, not running: the first deploy
    new = service(lab, "new", "--network", network)
    first = hand_over(lab, new, **routed(lab))
    assert first.stdout.startswith(f"{lab.name('web')}: start-first, healthy after ")
    assert first.stderr == ""
    started = inspect(new)["State"]["StartedAt"]
    assert upstream(proxy, tmp_path) == f"to {lab.name('new')}:80\n"

    docker("cp", str(tmp_path / "found"), f"{proxy}:/etc/caddy/upstreams/web-80")
    (tmp_path / "found").write_text("to nothing:80\n")
    docker("cp", str(tmp_path / "found"), f"{proxy}:/etc/caddy/upstreams/web-80")
    again = hand_over(lab, new, **routed(lab))
    assert again.stdout == f"{lab.name('web')}: start-first, healthy already\n"
    assert again.returncode == 0
    assert upstream(proxy, tmp_path) == f"to {lab.name('new')}:80\n"
    assert inspect(new)["State"]["StartedAt"] == started


@pytest.mark.docker
def test_an_ingress_that_is_not_there_is_said_before_anything_starts(lab: Lab) -> None:
    new = service(lab, "new")
    done = hand_over(lab, new, **routed(lab))
    assert done.returncode == 1
    assert done.stderr == (
        f"{lab.name('web')}: no container has the label dev.stackgraph.ingress="
        f"{lab.name('ingress')}, so nothing can be routed\n"
    )
    assert inspect(new)["State"]["Status"] == "created"


@pytest.mark.docker
def test_a_caddy_that_refuses_is_switched_back(lab: Lab, tmp_path: Path) -> None:
    network = lab.network("net")
    old = serving(lab, "old", "--network", network)
    proxy = ingress(lab, network, tmp_path, old="old")
    docker("exec", proxy, "sh", "-c", "echo nonsense { >> /etc/caddy/Caddyfile")
    new = service(lab, "new", "--network", network)
    done = hand_over(lab, new, BUSYBOX, **routed(lab))
    assert done.returncode == 1
    first, *_, last = done.stderr.splitlines()
    assert f"{lab.name('new')} cannot be routed to: adapting config using caddyfile" in first
    assert last.endswith(f"the old container {lab.name('old')} serves on")
    assert upstream(proxy, tmp_path) == f"to {lab.name('old')}:80\n"
    assert is_running(old)
    assert not is_running(new)


# stands before the real one on PATH: who reloads first reads the files first, but loads last
SLOW_FIRST_RELOAD = """#!/bin/sh
[ "$1" = reload ] || exec /usr/bin/caddy "$@"
/usr/bin/caddy adapt --config "$3" --adapter caddyfile >"/tmp/$$.json" 2>/dev/null || exit 1
mkdir /tmp/first 2>/dev/null && sleep 3
/bin/wget -q -O - --header 'Content-Type: application/json' --post-file "/tmp/$$.json" \\
  http://127.0.0.1:2019/load
"""
HANDLE = """
	handle /NAME {
		reverse_proxy {
			import upstreams/NAME-80
		}
	}
"""


@pytest.mark.docker
def test_handovers_at_once_all_come_to_caddy(lab: Lab, tmp_path: Path) -> None:
    network, names = lab.network("net"), ("a", "b")
    proxy = ingress(lab, network, tmp_path)
    handles = "".join(HANDLE.replace("NAME", name) for name in names)
    (tmp_path / "Caddyfile").write_text(f":80 {{{handles}}}\n")
    (tmp_path / "upstreams").mkdir()
    for name in names:
        (tmp_path / "upstreams" / f"{name}-80").write_text("to nobody:80\n")
    docker("cp", f"{tmp_path}/.", f"{proxy}:/etc/caddy")
    docker("start", proxy)
    docker("exec", "-i", proxy, "tee", "/usr/local/bin/caddy", data=SLOW_FIRST_RELOAD)
    docker("exec", proxy, "chmod", "755", "/usr/local/bin/caddy")
    runs = []
    for name, delay in zip(names, (0, 1.5), strict=True):
        slow = f"STUB_DELAY={delay}"  # the later one changes its file while the first loads
        new = service(lab, name, "--network", network, "-e", slow, label=name)
        upstreams = (Upstream(name=f"{name}-80", port=80),)
        changes = {"service": lab.name(name), **routed(lab), "upstreams": upstreams}
        runs.append(start_script(new, handover_script(a_plan(**changes))))
    assert [(run.stderr, run.returncode) for run in map(finish, runs)] == [("", 0)] * 2
    url = f"http://127.0.0.1:{published(proxy, 80)}"
    assert [Client(f"{url}/{name}").ask() for name in names] == list(names)


@pytest.mark.docker
def test_a_lock_of_who_was_killed_is_no_hindrance(lab: Lab, tmp_path: Path) -> None:
    network = lab.network("net")
    old = serving(lab, "old", "--network", network)
    proxy = ingress(lab, network, tmp_path, old="old")
    gone = subprocess.Popen(["true"])
    gone.wait()
    lock = tmp_path / f"stackgraph-{proxy[:12]}.lock"
    lock.mkdir()
    (lock / "owner").write_text(f"{gone.pid}\n")
    new = service(lab, "new", "--network", network)
    done = run_script(new, f"export TMPDIR={tmp_path}\n{script(lab, **routed(lab))}")
    assert (done.returncode, done.stderr) == (0, "")
    assert not lock.exists()
    assert not is_running(old)


@pytest.mark.docker
def test_restarts_with_a_dependency_that_started_later(lab: Lab) -> None:
    plan = {"restart_with": (lab.name("db"), lab.name("absent"))}
    serving(lab, "db", health=False, label="db")
    new = service(lab, "new")
    assert hand_over(lab, new, **plan).returncode == 0
    first = inspect(new)["State"]["StartedAt"]
    assert (
        hand_over(lab, new, **plan).stdout == f"{lab.name('web')}: start-first, healthy already\n"
    )
    assert inspect(new)["State"]["StartedAt"] == first

    docker("restart", "-t", "1", lab.name("db"))
    done = hand_over(lab, new, **plan)
    assert f": start-first, restarted after {lab.name('db')}, healthy after " in done.stdout
    assert inspect(new)["State"]["StartedAt"] > first


@pytest.mark.docker
@pytest.mark.parametrize("code", [0, 5])
def test_a_job_is_done_once(lab: Lab, code: int) -> None:
    new = service(lab, "new", "-e", f"STUB_EXIT={code}", "-e", "STUB_EXIT_AFTER=0.5", health=False)
    done = hand_over(lab, new, gate="completed")
    assert done.returncode == (1 if code else 0)
    if code:
        assert f"{lab.name('new')} exited with code 5 after " in done.stderr
        assert "serves" not in done.stderr
        return
    assert f"{lab.name('web')}: start-first, completed after " in done.stdout
    ended = inspect(new)["State"]["FinishedAt"]
    again = hand_over(lab, new, gate="completed")
    assert again.stdout == f"{lab.name('web')}: start-first, completed already\n"
    assert inspect(new)["State"]["FinishedAt"] == ended


@pytest.mark.docker
@pytest.mark.parametrize("order", ["start-first", "stop-first"])
def test_all_old_ones_that_run_are_stopped_and_others_left_alone(
    lab: Lab, order: Literal["start-first", "stop-first"]
) -> None:
    olds = [serving(lab, f"old{number}", health=False) for number in (1, 2)]
    ended = service(lab, "ended")
    other = serving(lab, "other", health=False, label="webhook")
    new = service(lab, "new")
    done = hand_over(lab, new, order=order)
    assert done.stdout.endswith(" s, 2 old ones stopped\n")
    assert [is_running(each) for each in (*olds, other, new)] == [False, False, True, True]
    assert inspect(ended)["State"]["Status"] == "created"


@pytest.mark.docker
def test_what_ran_alone_before_is_left_running(lab: Lab) -> None:
    new = service(lab, "new", *SICK)
    docker("start", new)
    done = hand_over(lab, new)
    assert done.returncode == 1
    assert done.stderr.endswith(
        f"{lab.name('web')}: {lab.name('new')} was left running, as before: there is no other one\n"
    )
    assert is_running(new)


@pytest.mark.docker
def test_the_log_is_cut_to_twenty_lines_of_three_hundred_characters(lab: Lab) -> None:
    lines = [*(f"line {number}" for number in range(30)), "é" * 200, "\x1b[31mred\tx\x1b[0m"]
    new = service(lab, "new", "-e", f"STUB_LINES={'|'.join(lines)}", "-e", "STUB_EXIT=2")
    shown = hand_over(lab, new).stderr.splitlines()[1:-1]
    assert shown == [*(f"  | line {number}" for number in range(12, 30)), shown[-2], shown[-1]]
    assert shown[-2].startswith("  | ")
    assert len(shown[-2].encode()) <= 304
    assert shown[-1] == "  | [31mred x[0m"


@pytest.mark.docker
def test_a_newcomer_that_is_gone_is_said(lab: Lab) -> None:
    done = hand_over(lab, "0" * 64)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{lab.name('web')}: the new container cannot be found: ")


@pytest.mark.docker
def test_held_back_names_come_after_the_gate_and_break_no_connection(lab: Lab) -> None:
    network = lab.network("net", "--subnet=10.213.77.0/24", "--ip-range=10.213.77.0/25")
    held = HeldAlias(
        network=network, aliases=("web", "api"), addresses=("10.213.77.200", "10.213.77.201")
    )
    alias = ("--network", network, "--network-alias", "web", "--network-alias", "api")
    lab.start("peer", IMAGE, "--network", network, "-e", "STUB_TCP=81")
    old = serving(lab, "old", *alias)
    new = service(lab, "new", *alias, "-e", "STUB_DELAY=1.5")

    def names() -> set[str]:
        look = (
            "use Socket; my @a = gethostbyname('web'); print map { inet_ntoa($_).' ' } @a[4..$#a]"
        )
        return set(docker("exec", lab.name("peer"), "perl", "-e", look, check=False).split())

    run = start_script(new, script(lab, aliases=(held,)))
    while not is_running(new):
        time.sleep(0.05)
    assert address(new, network) == "10.213.77.200"
    assert names() == {address(old, network)}, "not yet healthy, so not in the alias"
    talk = subprocess.Popen(
        ["docker", "exec", new, "perl", "-e", TALK], stdout=subprocess.PIPE, text=True
    )
    done = finish(run)
    assert done.returncode == 0, done.stderr
    assert names() == {"10.213.77.200"}
    # its connection has outlived being connected anew
    assert talk.communicate()[0] == "all came back\n"

    third = service(lab, "third", *alias)
    assert hand_over(lab, third, aliases=(held,)).returncode == 0
    assert names() == {address(third, network)} == {"10.213.77.201"}
    again = hand_over(lab, third, aliases=(held,))
    assert again.stdout == f"{lab.name('web')}: start-first, healthy already\n"
    # killed between leaving and joining
    docker("network", "disconnect", network, third)
    assert hand_over(lab, third, aliases=(held,)).returncode == 0
    assert len(names()) == 1


def address(container: str, network: str) -> str:
    return str(inspect(container)["NetworkSettings"]["Networks"][network]["IPAddress"])


TALK = r"""
use IO::Socket::INET; use Time::HiRes qw(sleep time);
my $socket = IO::Socket::INET->new(PeerAddr => '10.213.77.2', PeerPort => 81) or die $!;
my $end = time + 4;
while (time < $end) {
    print $socket "x";
    $socket->flush;
    sysread($socket, my $back, 1) or die "lost: $!";
    sleep 0.02;
}
print "all came back\n";
"""
