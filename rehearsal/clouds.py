"""Stand-ins for the plugins of aws, oci and tls, which the real engine runs in their place.

They refuse what the SDK's types don't know and a few things that the clouds refuse, and answer
with outputs like theirs. What exists is in the engine's state alone: nothing is kept here.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from concurrent import futures
from pathlib import Path
from typing import Any, Final

import grpc  # type: ignore[import-untyped]  # it ships no types
from google.protobuf import empty_pb2  # type: ignore[import-untyped]  # ships no types
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from preview.resource import Resource
from preview.value import UNKNOWN
from preview.wire import decode, encode
from rehearsal import sdk
from scripts.probe import ROOT

PACKAGES: Final = ("aws", "oci", "tls")
IMAGE: Final = "STAND_IN_IMAGE"
"""The variable with the id of the image that is the newest."""
ADDRESS: Final = "STAND_IN_ADDRESS"
"""The variable with the address that every instance gets."""

REPLACED_BY: Final[Mapping[str, Iterable[str]]] = {
    "aws:ec2/instance:Instance": ("ami", "keyName", "primaryNetworkInterface"),
    "aws:ec2/keyPair:KeyPair": ("publicKey",),
    "oci:Core/instance:Instance": ("availabilityDomain", "metadata"),
}
"""What makes another one of a resource; of the others, everything is changed in place."""


def install(folder: Path) -> Path:
    """Write the plugins into a folder for PATH."""
    folder.mkdir(parents=True)
    for package in PACKAGES:
        file = folder / f"pulumi-resource-{package}"
        code = f"from rehearsal.clouds import serve; serve({package!r})"
        file.write_text(f'#!/bin/sh\nexport PYTHONPATH={ROOT}\nexec {sys.executable} -c "{code}"\n')
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return folder


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """A provider of one package."""

    def __init__(self, package: str) -> None:
        self.package = package

    def Handshake(self, _request: Any, _context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="99.0.0")

    def CheckConfig(self, request: Any, _context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, _request: Any, _context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, _request: Any, _context: Any) -> Any:
        return provider_pb2.ConfigureResponse(supportsPreview=True, acceptResources=False)

    def Cancel(self, _request: Any, _context: Any) -> Any:
        return empty_pb2.Empty()

    def Check(self, request: Any, _context: Any) -> Any:
        _, _, type_, name = request.urn.split("::")
        inputs = decode(request.news, ROOT)
        type_ = type_.rpartition("$")[2]
        resource = Resource(urn=request.urn, type=type_, name=name, custom=True, inputs=inputs)
        failures = [provider_pb2.CheckFailure(reason=text) for text in sdk.of_resource(resource)]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: Any, _context: Any) -> Any:
        old, new = decode(request.old_inputs, ROOT), decode(request.news, ROOT)
        differing = sorted(k for k in old.keys() | new.keys() if old.get(k) != new.get(k))
        kind = request.urn.split("::")[2].rpartition("$")[2]
        some = provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(
            changes=some if differing else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=differing,
            replaces=[key for key in differing if key in REPLACED_BY.get(kind, ())],
        )

    def Create(self, request: Any, _context: Any) -> Any:
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        type_ = request.urn.split("::")[2].rpartition("$")[2]
        id_ = f"{type_.rpartition(':')[2].lower()}-{uuid.uuid4().hex[:17]}"
        outputs = {**decode(request.properties, ROOT), **_outputs(type_, id_)}
        return provider_pb2.CreateResponse(id=id_, properties=encode(outputs))

    def Update(self, request: Any, _context: Any) -> Any:
        outputs = {**decode(request.olds, ROOT), **decode(request.news, ROOT)}
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    def Read(self, request: Any, _context: Any) -> Any:
        return provider_pb2.ReadResponse(
            id=request.id, properties=request.properties, inputs=request.inputs
        )

    def Delete(self, request: Any, context: Any) -> Any:
        if decode(request.properties, ROOT).get("disableApiTermination"):
            context.abort(grpc.StatusCode.UNKNOWN, "OperationNotPermitted: termination protection")
        return empty_pb2.Empty()

    def Invoke(self, request: Any, _context: Any) -> Any:
        args = decode(request.args, ROOT)
        assert UNKNOWN not in args.values()
        answers: dict[str, dict[str, Any]] = {
            "aws:ssm/getParameter:getParameter": {"value": os.environ.get(IMAGE, "ami-1")},
            "aws:ec2/getInstance:getInstance": {"publicIp": "203.0.113.40"},
            "oci:Core/getVnicAttachments:getVnicAttachments": {
                "vnicAttachments": [{"vnicId": f"vnic of {args.get('instanceId')}"}]
            },
            "oci:Core/getPrivateIps:getPrivateIps": {
                "privateIps": [{"id": f"ip of {args.get('vnicId')}", "isPrimary": True}]
            },
        }
        answer = {**args, **answers[request.tok]}
        return provider_pb2.InvokeResponse(**{"return": encode(answer)})


def _outputs(type_: str, id_: str) -> dict[str, Any]:
    """Give what a cloud adds to the inputs of what it has made."""
    address = os.environ.get(ADDRESS, "127.0.0.1")
    match type_.rpartition(":")[2]:
        case "Eip":
            return {"publicIp": address, "allocationId": id_}
        case "PublicIp":
            return {"ipAddress": address}
        case "KeyPair":
            return {"keyName": id_}
        case "PrivateKey":
            return _key_pair()
        case _:
            return {}


def _key_pair() -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "key"
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(file)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        public = file.with_suffix(".pub").read_text()
        return {"privateKeyOpenssh": file.read_text(), "publicKeyOpenssh": public}


def serve(package: str) -> None:
    """Serve until the engine ends us."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(StandIn(package), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def resources(exported: str) -> dict[str, dict[str, Any]]:
    """Give what a stack's state holds of the clouds, by URN without stack and project."""
    found = json.loads(exported)["deployment"].get("resources", [])
    return {
        each["urn"].split("::", 2)[2]: each
        for each in found
        if each["type"].partition(":")[0] in PACKAGES
    }
