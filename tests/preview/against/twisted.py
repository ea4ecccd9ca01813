"""A program with something of everything that the engine decides in a way of its own."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_docker as docker
import pulumi_tls as tls
from pulumi import ResourceOptions

from tests.preview.programs import Box, command

NAME = "stackgraph-test-twisted"


def twisted(version: int) -> None:
    """Declare its first or second version."""
    new = version == 2
    box = Box(
        "outer2" if new else "outer",
        {"version": version},
        ResourceOptions(aliases=[pulumi.Alias(name="outer")]),
    )
    child = ResourceOptions(parent=box)
    command("kept", child)
    command("outer2-own" if new else "outer-own", child)
    _volumes(version)
    if not new:
        gone = command("gone")
        command("gone-too", stdin=gone.id)
    machine = command("machine", triggers=[version])
    command("replaced-with", ResourceOptions(replace_with=[machine]))
    command("triggered", ResourceOptions(replacement_trigger=str(version)))
    command("first-trigger", ResourceOptions(replacement_trigger="x" if new else None))
    command("first-triggers", triggers=["a"] if new else None)
    updated = command("updated", stdin=str(version))
    command("after-updated", stdin=updated.stdout, environment={"A": updated.id})
    command(
        "ignoring",
        ResourceOptions(ignore_changes=["stdin", "environment.A"]),
        stdin=str(version),
        environment={"A": str(version)},
    )
    command(
        "asked",
        ResourceOptions(replace_on_changes=["environment"]),
        environment={"A": str(version)},
    )
    command("becomes-secret", stdin=pulumi.Output.secret("s") if new else "s")
    _keys(version)
    if new:
        command("new")


def _volumes(version: int) -> None:
    def volume(name: str, label: str | None = None, opts: ResourceOptions | None = None) -> Any:
        labels = [docker.VolumeLabelArgs(label="a", value=label)] if label else None
        return docker.Volume(name, name=f"{NAME}-{name}", labels=labels, opts=opts)

    made = volume("replaced", str(version))
    command("uses-as-trigger", triggers=[made.name])
    command("uses-as-input", stdin=made.name)
    command("only-waits", ResourceOptions(depends_on=[made]))
    provider = docker.Provider(f"provider{version}", host="unix:///var/run/docker.sock")
    volume("of-another-provider", opts=ResourceOptions(provider=provider))


def _keys(version: int) -> None:
    kept = tls.PrivateKey("kept", algorithm="ED25519")
    command("uses-kept-key", stdin=kept.public_key_openssh)
    changed = tls.PrivateKey("changed", algorithm="RSA" if version == 2 else "ED25519")
    command("uses-changed-key", stdin=changed.public_key_openssh)
    tls.SelfSignedCert(
        "of-changed-key",
        private_key_pem=changed.private_key_pem,
        allowed_uses=["cert_signing"],
        validity_period_hours=12,
        subject=tls.SelfSignedCertSubjectArgs(common_name="a"),
    )
    tls.CertRequest(
        "of-kept-key",
        private_key_pem=kept.private_key_pem,
        subject=tls.CertRequestSubjectArgs(common_name=f"a{version}"),
    )
