"""The bootstrap against test hosts: over real SSH, with systemd, apt, sshd and Docker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.stack import FirstLogin, HostAccess
from graph.model import Host, StackGraph
from rehearsal.hosts import HostLab, Key, Machine
from rehearsal.images import Stub, make_image
from rehearsal.lab import Done
from render.bootstrap import (
    bootstrap_script,
    close_first_login_script,
    verify_script,
)
from render.bootstrap.files import DAEMON, FIRST_LOGIN, NEVER, SSHD
from render.cloud_init import user_data
from tests.render.test_bootstrap import a_host
from tests.support.hosts import needs_hosts

pytestmark = [pytest.mark.docker, pytest.mark.slow]

AS_ROOT = "sudo -n sh -c 'eval \"$(cat)\"'"
IMAGE = "sgh-test-stub:latest"
FIRST = FirstLogin()


@pytest.fixture(scope="module")
def lab() -> Iterator[HostLab]:
    needs_hosts()
    with HostLab() as lab:
        yield lab


@pytest.fixture
def fresh(lab: HostLab, request: pytest.FixtureRequest) -> Machine:
    """A host for one test, with the packages, not set up."""
    return lab.machine(
        request.node.name.replace("_", "-").replace("[", "-").strip("]")[:50], "ready"
    )


@pytest.fixture(scope="module")
def deploy(lab: HostLab) -> Key:
    """The key of the deploy user."""
    return Key.make(lab.folder / "deploy")


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> tuple[StackGraph, Host]:
    return a_host(tmp_path_factory.mktemp("shop"), host={"memory": "4GiB"})


def reached(host: Host, key: Key, **changes: Any) -> Host:
    usual = {"address": "192.0.2.10", "user": "deploy", "authorized_keys": (key.public,)}
    return replace(host, access=HostAccess(**(usual | changes)))


def lines(done: Done) -> list[str]:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def refused(done: Done) -> str:
    """The one line that says why."""
    assert done.returncode == 1, done.stdout
    (line,) = done.stderr.splitlines()
    return line


def touched(machine: Machine) -> str:
    """When each file was changed that a bootstrap writes or could write."""
    folders = "/etc /home /root/.ssh /var/lib/stackgraph"
    look = f"find {folders} -type f -printf '%p %T@ %m %u\\n' 2>/dev/null | sort"
    return machine.inside("sh", "-c", look)


# --- from bare -----------------------------------------------------------------------------------


def test_from_bare_to_ready(
    lab: HostLab, deploy: Key, declared: tuple[StackGraph, Host], tmp_path: Path
) -> None:
    graph, host = declared
    host = reached(host, deploy, port=2222, first=FIRST)
    script, verify = bootstrap_script(graph, host), verify_script(graph, host)
    bare = lab.machine("bare")
    new: dict[str, Any] = {"user": "deploy", "port": 2222, "key": deploy}
    as_root = new | {"command": AS_ROOT}

    assert bare.run(verify).returncode == 1, "there is nothing yet"
    first = lines(bare.run(script))
    assert first[-1] == f"ready: {len(first) - 1} changes"
    assert any(line.startswith("changed: installed") and "docker.io" in line for line in first)
    assert all(line.startswith("changed: ") for line in first[:-1])
    assert lines(bare.run(verify)) == []

    before = touched(bare)
    assert lines(bare.run(script)) == ["ready: 0 changes"]
    assert touched(bare) == before

    # both logins, until the new one closes the first one
    assert bare.run("true").returncode == 0
    assert bare.run("true", **new).returncode == 0
    assert "this came by port 22" in refused(bare.run(close_first_login_script(graph, host)))
    by_old_port = as_root | {"port": 22}
    assert "by port 22" in refused(bare.run(close_first_login_script(graph, host), **by_old_port))
    assert lines(bare.run(close_first_login_script(graph, host), **as_root)) == [
        f"changed: {FIRST_LOGIN} removed",
        "ready: 1 changes",
    ]
    assert "refused" in bare.run("true").stderr
    assert bare.run("true", port=2222).returncode == 255, "root may not log in any more"
    assert lines(bare.run(close_first_login_script(graph, host), **as_root)) == ["ready: 0 changes"]
    assert lines(bare.run(script, **as_root)) == ["ready: 0 changes"]

    # the user deploys, from outside one gets to what is published
    make_image(IMAGE, stub=Stub(name="stub", http=(80,)))
    bare.load_image(IMAGE)
    run = f"docker run -d --restart unless-stopped --name web -p 8080:80 {IMAGE}"
    assert bare.run(run, **new).returncode == 0
    client = lab.client()
    assert client.reaches(bare.address, 8080)
    options = '{{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config "max-size"}}'
    assert bare.inside("docker", "inspect", "-f", options, "web") == "json-file 10485760"
    network = "docker network create own >/dev/null && docker network inspect own"
    assert '"Subnet": "172.30.' in bare.run(network, **new).stdout

    bare.restart()
    assert lines(bare.run(verify, **as_root)) == []
    assert lines(bare.run(script, **as_root)) == ["ready: 0 changes"]
    end = time.monotonic() + 20
    while not (up := client.reaches(bare.address, 8080)) and time.monotonic() < end:
        time.sleep(0.5)
    assert up


# --- what was set, and what was broken -----------------------------------------------------------


@pytest.fixture(scope="module")
def ready(lab: HostLab, deploy: Key, declared: tuple[StackGraph, Host]) -> Machine:
    """A host that has been set up; the tests that break it mend it again."""
    machine = lab.machine("ready", "ready")
    lines(machine.run(bootstrap_script(declared[0], reached(declared[1], deploy, first=FIRST))))
    return machine


BROKEN = {
    "a login with a password": (
        "echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/00-other.conf",
        "sshd's passwordauthentication for root is yes, not no",
        "rm /etc/ssh/sshd_config.d/00-other.conf",
    ),
    "a port more": (
        "echo 'Port 2200' >/etc/ssh/sshd_config.d/99-other.conf",
        "sshd listens on port 2200, too; remove it from /etc/ssh/sshd_config",
        "rm /etc/ssh/sshd_config.d/99-other.conf",
    ),
    "a setting of the kernel": ("sysctl -q -w vm.swappiness=60", "vm.swappiness is 60, not 10", ""),
    "Docker's settings": (
        f"sed -i s/max-file/max-files/ {DAEMON}",
        f"{DAEMON} is not as declared",
        f"rm {DAEMON}",
    ),
    "Docker": ("systemctl stop docker.socket docker", "Docker does not answer: ", ""),
    "security updates": (
        "echo 'APT::Periodic::Unattended-Upgrade \"0\";' >/etc/apt/apt.conf.d/99other",
        'apt has not: APT::Periodic::Unattended-Upgrade "1";',
        "rm /etc/apt/apt.conf.d/99other",
    ),
    "fail2ban": ("systemctl stop fail2ban", "fail2ban has no jail sshd: ", ""),
    "whom fail2ban spares": (
        "fail2ban-client set sshd delignoreip ::1",
        "fail2ban may ban ::1",
        "systemctl restart fail2ban",
    ),
    "the group": ("gpasswd -d deploy docker", "deploy is not in group docker", ""),
    "the keys": (
        "echo 'ssh-ed25519 AAAA' >>/home/deploy/.ssh/authorized_keys",
        "the keys of deploy are not those declared",
        "",
    ),
    "who may write the keys": (
        "chmod 777 /home/deploy/.ssh",
        "sshd does not trust /home/deploy/.ssh: it is not deploy's alone to write",
        "chmod 700 /home/deploy/.ssh",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_said_and_mended(
    what: str, ready: Machine, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, first=FIRST)
    breaking, said, mending = BROKEN[what]
    ready.inside("sh", "-c", breaking)
    done = ready.run(verify_script(graph, host))
    assert done.returncode == 1
    assert done.stderr == ""
    assert any(line.startswith(said) for line in done.stdout.splitlines()), done.stdout
    ready.inside("sh", "-c", mending or ":")
    lines(ready.run(bootstrap_script(graph, host)))
    assert lines(ready.run(verify_script(graph, host))) == []
    assert lines(ready.run(bootstrap_script(graph, host))) == ["ready: 0 changes"]


def test_another_host_key_is_refused(ready: Machine, lab: HostLab) -> None:
    other = Key.make(lab.folder / "other")
    done = ready.run("echo in", host_key=other.public)
    assert (done.returncode, done.stdout) == (255, "")
    assert "Host key verification failed" in done.stderr
    assert ready.run("echo in", key=other).returncode == 255, "nor is another login key taken"


# --- nobody is locked out ------------------------------------------------------------------------


def test_without_a_key_sshd_is_left_alone(
    fresh: Machine, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, authorized_keys=())
    said = refused(fresh.run(bootstrap_script(graph, host)))
    assert said == (
        "vps: nobody could log in any more, so sshd is left alone: no key of deploy is in "
        "/home/deploy/.ssh/authorized_keys; state authorized_keys of the host"
    )
    assert fresh.read(SSHD) == ""
    assert fresh.run("true").returncode == 0


def test_sshd_that_leaves_the_user_out_is_left_alone(
    fresh: Machine, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, first=FIRST)
    fresh.write("/etc/ssh/sshd_config.d/50-other.conf", "AllowUsers root admin\n")
    said = refused(fresh.run(bootstrap_script(graph, host)))
    assert said.endswith("sshd's AllowUsers leaves out deploy; add it")
    assert fresh.read(SSHD) == ""
    assert fresh.run("true").returncode == 0


def test_a_broken_configuration_of_sshd_is_not_ours_to_load(
    fresh: Machine, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, first=FIRST)
    fresh.write("/etc/ssh/sshd_config.d/99-other.conf", "Nonsense yes\n")
    said = refused(fresh.run(bootstrap_script(graph, host)))
    assert said.startswith("vps: sshd's configuration is broken, correct it first: ")
    assert fresh.read(SSHD) == ""
    assert fresh.run("true").returncode == 0
    fresh.inside("rm", "/etc/ssh/sshd_config.d/99-other.conf")
    lines(fresh.run(bootstrap_script(graph, host)))


def test_a_port_that_sshd_cannot_have_brings_the_old_one_back(
    fresh: Machine, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, port=2222, first=FIRST)
    listen = "our $s = IO::Socket::INET->new(LocalPort => 2222, Listen => 1); sleep"
    fresh.inside("sh", "-c", f"perl -MIO::Socket::INET -e '{listen}' >/dev/null 2>&1 & sleep 1")
    said = refused(fresh.run(bootstrap_script(graph, host)))
    assert said == (
        "vps: sshd does not take its configuration, the old one is back: "
        "nothing listens on port 2222"
    )
    assert fresh.read(SSHD) == fresh.read(FIRST_LOGIN) == ""
    assert fresh.run("true").returncode == 0
    fresh.inside("sh", "-c", "kill $(pgrep perl)")
    lines(fresh.run(bootstrap_script(graph, host)))
    assert fresh.run("true", user="deploy", port=2222, key=deploy).returncode == 0


def test_what_was_interrupted_is_done_by_the_next(
    fresh: Machine, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, port=2222, first=FIRST)
    script = bootstrap_script(graph, host)
    # killed between the files of sshd and its reload, and before fail2ban has read its own
    killed = script.replace("  if due sshd ", "  kill -9 $$\n  if due sshd ").replace(
        "\nbans\n", "\n"
    )
    assert fresh.run(killed).returncode != 0
    assert fresh.read(SSHD)
    assert fresh.run("true", port=2222).returncode == 255
    lines(fresh.run(script))
    assert fresh.run("true", user="deploy", port=2222, key=deploy).returncode == 0


# --- hosts as they are found ---------------------------------------------------------------------


def test_containers_run_on_and_other_settings_stay(
    fresh: Machine, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, first=FIRST)
    make_image(IMAGE, stub=Stub(name="stub", http=(80,)))
    fresh.write(DAEMON, '{"labels": ["mine=1"], "log-opts": {"max-size": "1g"}}')
    fresh.inside("systemctl", "restart", "docker")
    fresh.load_image(IMAGE)
    fresh.inside("docker", "run", "-d", "--name", "web", IMAGE)
    state = ("docker", "inspect", "-f", "{{.State.Status}} {{.State.StartedAt}}", "web")
    before = fresh.inside(*state)
    assert "changed: docker restarted" in lines(fresh.run(bootstrap_script(graph, host)))
    assert fresh.inside(*state) == before
    assert '"mine=1"' in fresh.read(DAEMON)
    fresh.inside("docker", "exec", "web", "true")


def test_daemon_json_that_is_broken_is_said(
    fresh: Machine, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, first=FIRST)
    fresh.write(DAEMON, "{")
    said = refused(fresh.run(bootstrap_script(graph, host)))
    assert said == f"vps: {DAEMON}: it is no JSON object; correct it by hand"


def test_what_cannot_be_is_said_before_anything_is_touched(
    fresh: Machine, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, first=FIRST)
    before = touched(fresh)
    arm = replace(host, platform="linux/arm64")
    assert refused(fresh.run(bootstrap_script(graph, arm))) == (
        "vps: the host is linux/amd64, but linux/arm64 is declared"
    )
    release = fresh.read("/usr/lib/os-release")
    fresh.inside(
        "sed", "-i", "s/^ID=.*/ID=fedora/; s/^VERSION_ID=.*/VERSION_ID=41/", "/usr/lib/os-release"
    )
    assert refused(fresh.run(bootstrap_script(graph, host))) == (
        "vps: fedora 41 is not supported; use Debian 12 or 13, or Ubuntu 22.04 or 24.04"
    )
    fresh.write("/usr/lib/os-release", release)
    assert touched(fresh) == before
    fresh.inside("useradd", "-m", "-s", "/bin/sh", "someone")
    fresh.inside("cp", "-r", "/root/.ssh", "/home/someone/")
    fresh.inside("chown", "-R", "someone:", "/home/someone")
    said = refused(fresh.run(bootstrap_script(graph, host), user="someone"))
    assert said == "vps: this must be run by root, not by someone"


HOLD = (
    "use Fcntl; open(my $f, '>', '/var/lib/dpkg/lock-frontend'); "
    "my $lock = pack('s s x4 l! l! i x4', F_WRLCK, 0, 0, 0, 0); "
    "fcntl($f, F_SETLK, $lock) or die; sleep 12"
)


def test_a_lock_of_apt_is_waited_for(
    fresh: Machine, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, first=FIRST)
    fresh.inside("dpkg", "--purge", "python3-systemd")
    fresh.inside("sh", "-c", 'perl -e "$1" >/dev/null 2>&1 &', "hold", HOLD)
    said = refused(fresh.run(bootstrap_script(graph, host).replace("PATIENCE=600", "PATIENCE=3")))
    assert said.startswith("vps: apt-get install has waited 3 s: E: ")
    assert "/var/lib/dpkg/lock-frontend" in said
    assert "changed: installed python3-systemd" in lines(fresh.run(bootstrap_script(graph, host)))


def test_a_full_disk_is_said(
    fresh: Machine, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, first=FIRST)
    fresh.inside("mount", "-t", "tmpfs", "-o", "size=64k", "none", "/etc/sysctl.d")
    fresh.inside("sh", "-c", "cat /dev/zero >/etc/sysctl.d/full || :")
    said = refused(fresh.run(bootstrap_script(graph, host)))
    assert said.startswith("vps: cannot write /etc/sysctl.d/60-stackgraph.conf: ")
    assert said.endswith("No space left on device")
    fresh.inside("umount", "/etc/sysctl.d")
    lines(fresh.run(bootstrap_script(graph, host)))


def test_swap_where_memory_is_short(
    fresh: Machine, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, first=FIRST)
    host = replace(host, memory=1024**3, swap=64 * 1024**2)
    said = lines(fresh.run(bootstrap_script(graph, host)))
    assert "changed: swap on" in said
    assert fresh.inside("stat", "-c", "%a %s", "/var/lib/stackgraph/swap") == "600 67108864"
    assert lines(fresh.run(bootstrap_script(graph, host))) == ["ready: 0 changes"]
    fresh.inside("swapoff", "/var/lib/stackgraph/swap")
    done = fresh.run(verify_script(graph, host))
    assert done.stdout == "swap is 0 bytes, not 67108864\n"
    assert lines(fresh.run(bootstrap_script(graph, host))) == [
        "changed: swap on",
        "ready: 1 changes",
    ]


# --- bans ----------------------------------------------------------------------------------------


def test_who_guesses_is_banned_from_everything_and_the_operator_never(
    fresh: Machine, lab: HostLab, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, first=FIRST)
    lines(fresh.run(bootstrap_script(graph, host)))
    make_image(IMAGE, stub=Stub(name="stub", http=(80,)))
    fresh.load_image(IMAGE)
    fresh.inside("docker", "run", "-d", "-p", "8080:80", IMAGE)
    attacker, other = lab.client("attacker"), lab.client("bystander")
    assert attacker.reaches(fresh.address, 8080)
    guess = "-o StrictHostKeyChecking=no -o BatchMode=yes -o ConnectTimeout=2"
    for number in range(8):
        attacker.run("sh", "-c", f"timeout 5 ssh {guess} guess{number}@{fresh.address} true")
        fresh.run("true", user=f"guess{number}")
    end = time.monotonic() + 15
    while attacker.reaches(fresh.address, 22) and time.monotonic() < end:
        time.sleep(0.5)
    assert not attacker.reaches(fresh.address, 22)
    assert not attacker.reaches(fresh.address, 8080), "containers' ports do not pass input"
    assert other.reaches(fresh.address, 8080)
    assert fresh.run("true", user="deploy", key=deploy).returncode == 0
    banned = fresh.inside("fail2ban-client", "get", "sshd", "banip")
    assert banned == attacker.address


# --- cloud-init ----------------------------------------------------------------------------------

SEED = "/var/lib/cloud/seed/nocloud"
INSTALL = "apt-get update -q && apt-get install -q -y --no-install-recommends cloud-init"


def test_cloud_init_brings_the_same(
    lab: HostLab, deploy: Key, declared: tuple[StackGraph, Host]
) -> None:
    graph, host = declared[0], reached(declared[1], deploy, port=2222, first=FIRST)
    machine = lab.machine("cloud")
    installed = machine.run(f"export DEBIAN_FRONTEND=noninteractive; {INSTALL}")
    assert installed.returncode == 0, installed.stderr
    keys = {"ed25519_private": machine.host.private, "ed25519_public": machine.host.public}
    machine.inside("mkdir", "-p", SEED)
    machine.write(f"{SEED}/meta-data", "instance-id: test\n")
    machine.write(f"{SEED}/user-data", user_data(graph, host, keys))
    machine.write(
        "/etc/cloud/cloud.cfg.d/99-test.cfg",
        "datasource_list: [NoCloud]\nnetwork: {config: disabled}\nlocale: C.UTF-8\n",
    )
    machine.restart()
    status = machine.inside("sh", "-c", "timeout 300 cloud-init status --wait --long || :")
    log = machine.read("/var/log/cloud-init-output.log")
    assert "status: done" in status, log
    assert "\nready: " in log
    login: dict[str, Any] = {"user": "deploy", "port": 2222, "key": deploy, "command": AS_ROOT}
    assert lines(machine.run(verify_script(graph, host), **login)) == []
    # who deploys is known only now
    assert lines(machine.run(bootstrap_script(graph, host), **login)) == [
        f"changed: {NEVER}",
        "changed: fail2ban restarted",
        "ready: 2 changes",
    ]
    assert lines(machine.run(bootstrap_script(graph, host), **login)) == ["ready: 0 changes"]
    assert machine.inside("passwd", "--status", "deploy").split()[1] == "L"
