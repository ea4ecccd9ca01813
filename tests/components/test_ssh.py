"""How a host is reached: what is given to Docker's provider, to Pulumi's client and to ssh."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.ssh import SshConnection
from config.stack import FirstLogin, HostAccess
from preview.record import record

KEY = "ssh-ed25519 AAAA"
JUMP: dict[str, Any] = {"address": "198.51.100.1", "user": "hop", "port": 2200, "host_key": KEY}


def connection(**settings: Any) -> SshConnection:
    given: dict[str, Any] = {"address": "192.0.2.7", "host_key": f"{KEY} a remark", **settings}
    return SshConnection.of(HostAccess.model_validate(given))


def shell(way: SshConnection) -> str:
    found: list[str] = []

    def program() -> None:
        way.shell("test").apply(found.append)

    record(program, project="p", stack="dev")
    return found[0]


def values(options: list[Any]) -> dict[str, str]:
    assert options[::2] == ["-o"] * (len(options) // 2)
    return dict(option.split("=", 1) for option in options[1::2])


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_host_key_is_pinned_and_connections_are_shared(home: Path) -> None:
    assert values(connection().options(shared=True)) == {
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": "/dev/null",
        "GlobalKnownHostsFile": "/dev/null",
        "KnownHostsCommand": f"/bin/echo %H {KEY}",
        "BatchMode": "yes",
        "ConnectTimeout": "15",
        "ControlPath": "~/.ssh/stackgraph-%C",
        "ControlMaster": "auto",
        "ControlPersist": "30",
    }
    # Without the folder, ssh would end with an error.
    assert (home / ".ssh").stat().st_mode & 0o777 == 0o700


def test_a_step_that_proves_a_way_in_has_a_connection_of_its_own() -> None:
    options = values(connection().options(shared=False))
    assert options["ControlPath"] == "none"
    assert "ControlMaster" not in options


def test_a_jump_host_is_pinned_too() -> None:
    options = values(connection(jump=JUMP, identity_file="/keys/id").options(shared=True))
    assert (options["IdentityFile"], options["IdentitiesOnly"]) == ("/keys/id", "yes")
    hop = shlex.split(options["ProxyCommand"])
    assert hop[0] == "ssh"
    assert hop[-5:] == ["-p", "2200", "-W", "[%h]:%p", "hop@198.51.100.1"]
    inner = values(hop[1:-5])
    # %% for ssh, which reads the whole text before it starts the other one.
    assert inner["KnownHostsCommand"] == f"/bin/echo %%H {KEY}"
    assert inner["StrictHostKeyChecking"] == "yes"
    assert inner["IdentityFile"] == "/keys/id"


@pytest.mark.parametrize(
    ("user", "remote"),
    [
        ("root", 'eval "$(cat)" # test'),
        ("deploy", "sudo -n sh -c 'eval \"$(cat)\"' # test"),
    ],
)
def test_scripts_run_as_root(user: str, remote: str) -> None:
    words = shlex.split(shell(connection(user=user, port=2222)))
    assert words[0] == "ssh"
    assert words[-4:] == ["-p", "2222", f"{user}@192.0.2.7", remote]


def test_the_way_in_before_it_was_set_up() -> None:
    way = connection(user="deploy", port=804).at_first(FirstLogin(user="debian", port=22))
    assert shlex.split(shell(way))[-4:-1] == ["-p", "22", "debian@192.0.2.7"]
    assert way.docker_url() == "ssh://debian@192.0.2.7:22"


def test_an_ipv6_address_is_told_from_the_port() -> None:
    way = SshConnection(address="2001:db8::7", user="deploy", port=2222, host_key=KEY)
    assert way.docker_url() == "ssh://deploy@[2001:db8::7]:2222"


def inputs(way: Callable[[], SshConnection]) -> dict[str, Any]:
    """Give what Pulumi's own SSH client is told."""
    import pulumi_command as command

    def program() -> None:
        command.remote.Command("c", connection=way().command(), create="true")

    recorded = record(program, project="p", stack="dev")
    found: dict[str, Any] = recorded.one("c", "command:remote:Command").inputs["connection"].value
    return found


def test_pulumis_client_goes_through_the_same_jump_host(tmp_path: Path) -> None:
    file = tmp_path / "id"
    file.write_text("the key")
    found = inputs(lambda: connection(jump=JUMP, identity_file=str(file)))
    assert found["hostKey"] == f"{KEY} a remark"
    assert found["privateKey"] == "the key"
    assert {k: found["proxy"][k] for k in ("host", "port", "user", "hostKey", "privateKey")} == {
        "host": "198.51.100.1",
        "port": 2200,
        "user": "hop",
        "hostKey": KEY,
        "privateKey": "the key",
    }


def test_a_key_file_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(pulumi.RunError, match=r"identity_file /nowhere/id cannot be read; correct"):
        inputs(lambda: connection(identity_file="/nowhere/id"))


def test_an_address_that_is_not_known_yet_makes_all_of_it_unknown() -> None:
    found: list[bool] = []

    def program() -> None:
        unknown: pulumi.Output[str] = pulumi.Output.from_input("x").apply(lambda _: "192.0.2.9")
        way = SshConnection(address=unknown, user="root", port=22, host_key=KEY)
        url = way.docker_url()
        assert isinstance(url, pulumi.Output)
        url.apply(lambda text: found.append(text == "ssh://root@192.0.2.9:22"))

    record(program, project="p", stack="dev")
    assert found == [True]
