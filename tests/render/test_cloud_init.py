"""User data: what it holds, and cloud-init's own opinion of it."""

from __future__ import annotations

import base64
import bz2
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from graph.model import Host, StackGraph
from render.bootstrap import bootstrap_script
from render.cloud_init import LIMIT_BYTES, user_data
from tests.render.test_bootstrap import KEY, a_host

HOST_KEYS = {"ed25519_private": "-----BEGIN\nAAAA\n-----END\n", "ed25519_public": KEY}


def parsed(graph: StackGraph, host: Host, keys: dict[str, str] | None = None) -> dict[str, Any]:
    text = user_data(graph, host, keys)
    assert text.startswith("#cloud-config\n")
    found = yaml.safe_load(text)
    assert isinstance(found, dict)
    return found


def test_holds_the_bootstrap_and_the_login(tmp_path: Path) -> None:
    graph, host = a_host(tmp_path)
    found = parsed(graph, host)
    (file,) = found["write_files"]
    script = bz2.decompress(base64.b64decode(file["content"])).decode()
    assert script == bootstrap_script(graph, host)
    (user,) = found["users"]
    assert (user["name"], user["ssh_authorized_keys"]) == ("deploy", [KEY])
    assert user["lock_passwd"] is True
    assert found["ssh_pwauth"] is False
    assert found["disable_root"] is True
    assert "ssh_keys" not in found
    assert "passw" not in user_data(graph, host).replace("lock_passwd: true", "").replace(
        "NOPASSWD", ""
    )


def test_root_as_the_login_is_not_disabled(tmp_path: Path) -> None:
    found = parsed(*a_host(tmp_path, user="root"))
    assert found["disable_root"] is False
    assert found["users"] == [{"name": "root", "ssh_authorized_keys": [KEY]}]


def test_without_keys_the_image_s_own_user_gets_the_cloud_s(tmp_path: Path) -> None:
    assert parsed(*a_host(tmp_path, authorized_keys=[]))["users"] == ["default"]


def test_host_keys_make_a_machine_known_beforehand(tmp_path: Path) -> None:
    found = parsed(*a_host(tmp_path), HOST_KEYS)
    assert found["ssh_keys"] == HOST_KEYS
    assert found["ssh_deletekeys"] is True


def test_refuses_what_is_no_host_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'id_ed25519' is no host key"):
        user_data(*a_host(tmp_path), {"id_ed25519": "x"})


def test_fits_into_what_ec2_takes(tmp_path: Path) -> None:
    graph, host = a_host(tmp_path, swap="2GiB")
    assert len(user_data(graph, host, HOST_KEYS)) < LIMIT_BYTES * 0.9
    with pytest.raises(ValueError, match="EC2 takes 16384"):
        user_data(graph, host, {"ed25519_private": "x" * LIMIT_BYTES})


@pytest.mark.parametrize("keys", [None, HOST_KEYS])
@pytest.mark.parametrize("user", ["deploy", "root"])
def test_cloud_init_takes_it(user: str, keys: dict[str, str] | None, tmp_path: Path) -> None:
    if shutil.which("cloud-init") is None:
        pytest.skip("no cloud-init on PATH")
    file = tmp_path / "user-data"
    file.write_text(user_data(*a_host(tmp_path, user=user), keys))
    done = subprocess.run(
        ["cloud-init", "schema", "-c", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Valid" in done.stdout


def test_rules_of_oracles_images_go_before_ours_come(tmp_path: Path) -> None:
    graph, host = a_host(tmp_path)
    elsewhere = parsed(graph, host)["runcmd"]
    there = parsed(graph, replace(host, kind="oci"))["runcmd"]
    assert there[1:] == elsewhere
    shell, flag, clearing = there[0]
    assert (shell, flag) == ("sh", "-c")
    assert "/etc/iptables/rules.v4" in clearing
    # Read, not run: it would clear the rules of this machine.
    assert subprocess.run(["sh", "-n", flag, clearing], check=False).returncode == 0
