"""A host is set up: which steps, in which order, by which way in, and when one runs again."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from components.host_setup import HostSetup, HostSetupArgs
from components.ssh import SshConnection
from graph.model import StackGraph
from preview.record import Recording, record
from preview.resource import Resource
from render.bootstrap import bootstrap_script, close_first_login_script, verify_script
from render.firewall import confirm_script, stage_script
from tests.workspace import SHOP, graph_of, shop

ACCESS = '{address: 192.0.2.10, user: deploy, port: 804, host_key: "ssh-ed25519 AAAA"'
FIRST = ", first: {user: debian, port: 22}"
STEP = "command:local:Command"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


def prod(folder: Path, more: str = "", system: str = "") -> StackGraph:
    stack = SHOP["Pulumi.prod.yaml"].replace(
        '{address: 192.0.2.10, host_key: "ssh-ed25519 AAAA"}',
        f'{ACCESS}, authorized_keys: ["ssh-ed25519 BBBB"]{more}}}',
    )
    text = SHOP["systems/shop/system.yaml"] + system
    return graph_of(shop(folder, {"Pulumi.prod.yaml": stack, "system.yaml": text}), "prod")


def setup(graph: StackGraph) -> Recording:
    (host,) = graph.hosts.values()
    access = host.access
    assert access is not None

    def program() -> None:
        HostSetup(
            "shop-vps",
            HostSetupArgs(
                graph=graph, host=host, connection=SshConnection.of(access), first=access.first
            ),
        )

    return record(program, project="p", stack="prod")


def steps(recording: Recording) -> dict[str, Resource]:
    found = [r for r in recording.resources if r.type == STEP]
    return {step.name.removeprefix("shop-vps-"): step for step in found}


def text(value: Any) -> str:
    return str(getattr(value, "value", value))


def test_steps_their_scripts_and_their_order(tmp_path: Path) -> None:
    graph = prod(tmp_path, FIRST)
    (host,) = graph.hosts.values()
    found = steps(setup(graph))
    assert {name: step.inputs["stdin"] for name, step in found.items()} == {
        "bootstrap": bootstrap_script(graph, host),
        "verify": verify_script(graph, host),
        "first-login": close_first_login_script(graph, host),
        "firewall": stage_script(graph, host),
        "firewall-confirm": confirm_script(graph, host),
    }
    names = list(found)
    for before, after in itertools.pairwise(names):
        assert found[before].urn in found[after].dependencies


def test_the_new_login_proves_itself_before_the_first_one_goes(tmp_path: Path) -> None:
    found = steps(setup(prod(tmp_path, FIRST)))
    ways = {name: text(s.inputs["environment"]["STACKGRAPH_SSH"]) for name, s in found.items()}
    first, last = (line for line in ways.pop("bootstrap").splitlines() if "said=$(ssh " in line)
    # The set-up goes in where it can: by the later login when it is there already.
    assert re.match(
        r"said=\$\(ssh .* -p 804 deploy@192\.0\.2\.10 .*</dev/null\) && exec ssh", first
    )
    assert re.match(r"\{ said=\$\(ssh .* -p 22 debian@192\.0\.2\.10 'sudo -n sh ", last)
    for name, way in ways.items():
        assert re.search(r"said=\$\(ssh .* -p 804 deploy@192\.0\.2\.10 ", way), name
        assert "debian" not in way
        assert "ControlPath=none" in way


def test_without_a_first_login_nothing_is_closed(tmp_path: Path) -> None:
    found = steps(setup(prod(tmp_path)))
    assert list(found) == ["bootstrap", "verify", "firewall", "firewall-confirm"]
    way = text(found["bootstrap"].inputs["environment"]["STACKGRAPH_SSH"])
    assert way.count("ssh ") == 1


def test_only_what_is_checked_runs_again_for_another_reason(tmp_path: Path) -> None:
    one = steps(setup(prod(tmp_path / "one")))
    again = steps(setup(prod(tmp_path / "again")))
    assert set(triggers(one)) == {"verify", "firewall-confirm"}
    assert triggers(one) == triggers(again)


def triggers(found: dict[str, Resource]) -> dict[str, Any]:
    return {name: s.inputs["triggers"] for name, s in found.items() if s.inputs.get("triggers")}


def test_a_changed_firewall_is_confirmed_again_and_nothing_else_runs(tmp_path: Path) -> None:
    before = steps(setup(prod(tmp_path / "before")))
    root = tmp_path / "after"
    graph = prod(
        root,
        system="processes:\n  p: {host: vps, manager: systemd, purpose: P, "
        "command: p, directory: /srv/p, user: p, listens: ['0.0.0.0:9000']}\n",
    )
    after = steps(setup(graph))
    changed = {
        name
        for name in before
        if (before[name].inputs["stdin"], before[name].inputs.get("triggers"))
        != (after[name].inputs["stdin"], after[name].inputs.get("triggers"))
    }
    assert changed == {"firewall", "firewall-confirm"}
    assert triggers(before)["verify"] == triggers(after)["verify"]
    assert triggers(before)["firewall-confirm"] != triggers(after)["firewall-confirm"]


def test_a_failed_step_shows_its_name_and_no_script(tmp_path: Path) -> None:
    for name, step in steps(setup(prod(tmp_path))).items():
        assert step.inputs["create"].startswith('eval "$STACKGRAPH_SSH" # '), name
        assert step.inputs["create"].endswith(" on vps"), name


def test_docker_waits_for_the_set_up(tmp_path: Path) -> None:
    from components.program import secret_lookup
    from components.system import System, SystemArgs

    def program(graph: StackGraph) -> Recording:
        def run() -> None:
            args = SystemArgs(
                graph=graph,
                system="shop",
                docker_host="unix:///x",
                secret=secret_lookup({"DB_PASSWORD": SecretStr("x")}),
            )
            System("shop", args)

        return record(run, project="p", stack="prod")

    recording = program(prod(tmp_path / "hard"))
    provider = recording.one("shop-vps", "pulumi:providers:docker")
    confirmed = recording.one("shop-vps-firewall-confirm", STEP)
    assert confirmed.urn in provider.dependencies
    soft = SHOP["systems/shop/system.yaml"].replace("{kind: vps,", "{kind: vps, hardened: false,")
    root = shop(tmp_path / "soft", {"system.yaml": soft})
    assert [r for r in program(graph_of(root, "prod")).resources if r.type == STEP] == []
