"""Small programs that the tests of the room record, and what they are recorded with."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker
from pulumi import ResourceOptions
from pulumi_command import local

from preview.record import Recording, record

with warnings.catch_warnings():
    # The package warns about its own CopyFile as soon as `remote` is imported, whatever is used.
    warnings.filterwarnings("ignore", "This resource is deprecated", DeprecationWarning)
    from pulumi_command import remote
    from pulumi_command.remote import CopyToRemote

CONFIG = {"small:greeting": "hello", "small:password": "hunter2-of-the-test"}
SECRET_KEYS = {"small:password"}
STACK = "urn:pulumi:dev::small::pulumi:pulumi:Stack::small-dev"


def urn(types: str, name: str) -> str:
    return f"urn:pulumi:dev::small::{types}::{name}"


def run(program: Callable[[], object], **changed: Any) -> Recording:
    """Record a program under the names that `urn` knows."""
    settings: dict[str, Any] = {
        "project": "small",
        "stack": "dev",
        "config": CONFIG,
        "secret_keys": SECRET_KEYS,
    }
    return record(lambda: _call(program), **(settings | changed))


def _call(program: Callable[[], object]) -> None:
    program()


class Box(pulumi.ComponentResource):
    """A component with nothing in it yet."""

    def __init__(
        self,
        name: str,
        props: Mapping[str, Any] | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__("test:index:Box", name, props and dict(props), opts)


def command(name: str, opts: ResourceOptions | None = None, **inputs: Any) -> local.Command:
    """A command that does nothing."""
    return local.Command(name, **({"create": "true"} | inputs), opts=opts)


def remote_command(name: str, **inputs: Any) -> remote.Command:
    """A command on a machine of the documentation's address range."""
    connection = remote.ConnectionArgs(host="192.0.2.1", user="deploy", password="none")
    return remote.Command(name, connection=connection, **({"create": "true"} | inputs))


class App(pulumi.ComponentResource):
    """A network, a volume and a container."""

    def __init__(self, name: str, opts: ResourceOptions | None = None) -> None:
        super().__init__("stackgraph:docker:App", name, {"label": "x", "n": 3}, opts)
        self.network = docker.Network(
            f"{name}-net",
            name="fixed",
            driver="bridge",
            opts=ResourceOptions(
                parent=self, delete_before_replace=True, ignore_changes=["labels"]
            ),
        )
        self.volume = docker.Volume(
            f"{name}-data",
            name="data",
            opts=ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        self.container = docker.Container(
            f"{name}-web",
            image="nginx",
            name="web",
            envs=["A=1", pulumi.Output.secret("PW=s3cret")],
            networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=self.network.name)],
            ports=[docker.ContainerPortArgs(internal=80, external=8080)],
            volumes=[
                docker.ContainerVolumeArgs(volume_name=self.volume.name, container_path="/data")
            ],
            opts=ResourceOptions(
                parent=self,
                replace_on_changes=["healthcheck"],
                aliases=[pulumi.Alias(name="old-web")],
                custom_timeouts=pulumi.CustomTimeouts(create="5m"),
            ),
        )
        self.register_outputs({"container": self.container.id, "secret": self.container.envs})


def small() -> None:
    """A bit of everything; the golden files and the real engine see this one."""
    config = pulumi.Config()
    provider = docker.Provider("host", host="unix:///var/run/docker.sock")
    app = App("app", ResourceOptions(providers=[provider]))
    hello = local.Command(
        "hello",
        create=pulumi.Output.format("echo {0} {1}", config.require("greeting"), app.container.id),
        opts=ResourceOptions(depends_on=[app]),
    )
    feed = local.Command(
        "feed",
        create="cat",
        stdin=config.require_secret("password"),
        triggers=[app.network.name, 1, 1.5, True, None],
        opts=ResourceOptions(additional_secret_outputs=["stdout"], deleted_with=hello),
    )
    remote_command("far", create=feed.stdout)
    CopyToRemote(
        "copy",
        connection=remote.ConnectionArgs(host="192.0.2.1", user="deploy", password="none"),
        source=pulumi.StringAsset("hello"),
        remote_path="/etc/hello",
    )
    pulumi.log.warn("careful", resource=app.container)
    pulumi.log.info("about no resource")
    pulumi.export("id", app.container.id)
    pulumi.export("greeting", config.require("greeting"))
    pulumi.export("password", config.require_secret("password"))


def wide() -> None:
    """What `small` lacks: nesting, inherited options, hooks, look-ups, references, assets."""
    provider = docker.Provider("host", host="unix:///var/run/docker.sock", ssh_opts=["-o", "A=b"])
    outer = Box(
        "outer",
        opts=ResourceOptions(
            aliases=[pulumi.Alias(name="older")], retain_on_delete=True, protect=True
        ),
    )
    inner = Box("outer-inner", opts=ResourceOptions(parent=outer))
    leaf = command("outer-inner-leaf", ResourceOptions(parent=inner), environment={"A": "b"})
    trigger = command(
        "trigger",
        ResourceOptions(
            replacement_trigger=["x", 1],
            hide_diffs=["create"],
            replace_with=[leaf],
            delete_before_replace=True,
        ),
        update="b",
    )
    kid = command("kid", ResourceOptions(parent=trigger))
    last = command("last", ResourceOptions(depends_on=[outer, kid]))
    hook = pulumi.ResourceHook("say", lambda _: None)
    command("hooked", ResourceOptions(hooks=pulumi.ResourceHookBinding(after_create=[hook])))
    docker.Network.get("bridge", "bridge", opts=ResourceOptions(provider=provider))
    command(
        "uses",
        dir=last.dir,
        stdin=pulumi.Output.all(last.create, pulumi.Output.secret("x")).apply("".join),
        interpreter=["a", pulumi.Output.secret("x"), last.stdout],
        triggers=[{"b": 1}, 2**53, 0.1, 1e22, -0.5, 1e-9],
    )
    Box("props", {"text": pulumi.StringAsset("hello"), "none": {"a": None}, "empty": []})


def golden(name: str, text: str) -> None:
    """Compare with a file in `golden/`; with STACKGRAPH_UPDATE_GOLDEN set, write it."""
    file = Path(__file__).parent / "golden" / name
    if os.environ.get("STACKGRAPH_UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
