"""Stand-ins for the plugins of aws, oci and tls, which the real engine runs in their place.

They refuse what the SDK's types don't know and much of what the clouds refuse (`refusals`), and
answer with outputs like theirs. In a rehearsal's yard an instance is a test host: it boots with
its user data and is removed with it; its address is the one that the program reserved. Without a
yard nothing boots, and what exists is in the engine's state alone.
"""

from __future__ import annotations

import json
import os
import stat
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
from rehearsal.hosts import Key
from rehearsal.machines import Machines, Refused
from rehearsal.refusals import refusals
from rehearsal.yard import Yard
from scripts.probe import ROOT

PACKAGES: Final = ("aws", "oci", "tls")
IMAGE: Final = "STAND_IN_IMAGE"
"""The variable with the id of the image that is the newest."""

REPLACED_BY: Final[Mapping[str, Iterable[str]]] = {
    "aws:ec2/instance:Instance": ("ami", "keyName", "primaryNetworkInterface"),
    "aws:ec2/eipAssociation:EipAssociation": ("allocationId", "networkInterfaceId"),
    "aws:ec2/keyPair:KeyPair": ("publicKey",),
    "aws:ec2/networkInterface:NetworkInterface": ("subnetId",),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": ("subnetId",),
    "aws:ec2/subnet:Subnet": ("availabilityZone", "cidrBlock", "vpcId"),
    "oci:Core/instance:Instance": ("availabilityDomain", "metadata"),
}
"""What makes another one of a resource; of the others, everything is changed in place."""


def install(folder: Path, packages: Iterable[str] = PACKAGES) -> Path:
    """Write the plugins into a folder for PATH."""
    folder.mkdir(parents=True)
    for package in packages:
        file = folder / f"pulumi-resource-{package}"
        code = f"from rehearsal.clouds import serve; serve({package!r})"
        file.write_text(f'#!/bin/sh\nexport PYTHONPATH={ROOT}\nexec {sys.executable} -c "{code}"\n')
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return folder


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """A provider of one package."""

    def __init__(self, package: str, yard: Yard | None = None) -> None:
        self.package = package
        self.machines = Machines(yard)

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
        inputs = decode(request.news, ROOT)
        type_, name = _type(request.urn), request.urn.rpartition("::")[2]
        resource = Resource(urn=request.urn, type=type_, name=name, custom=True, inputs=inputs)
        reasons = [*sdk.of_resource(resource), *refusals(type_, inputs)]
        failures = [provider_pb2.CheckFailure(reason=reason) for reason in reasons]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: Any, _context: Any) -> Any:
        old, new = decode(request.old_inputs, ROOT), decode(request.news, ROOT)
        differing = sorted(k for k in old.keys() | new.keys() if old.get(k) != new.get(k))
        replacing = REPLACED_BY.get(_type(request.urn), ())
        some = provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(
            changes=some if differing else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=differing,
            replaces=[key for key in differing if key in replacing],
        )

    def Create(self, request: Any, context: Any) -> Any:
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        type_, inputs = _type(request.urn), decode(request.properties, ROOT)
        id_ = f"{type_.rpartition(':')[2].lower()}-{uuid.uuid4().hex[:17]}"
        try:
            outputs = self._outputs(type_, id_, inputs)
        except Refused as refused:
            return context.abort(grpc.StatusCode.UNKNOWN, str(refused))
        return provider_pb2.CreateResponse(id=id_, properties=encode({**inputs, **outputs}))

    def Update(self, request: Any, _context: Any) -> Any:
        news = decode(request.news, ROOT)
        outputs = {**decode(request.olds, ROOT), **news}
        if _type(request.urn) == "oci:Core/publicIp:PublicIp":
            self.machines.lead(str(outputs["ipAddress"]), news.get("privateIpId"))
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    def Read(self, request: Any, _context: Any) -> Any:
        return provider_pb2.ReadResponse(
            id=request.id, properties=request.properties, inputs=request.inputs
        )

    def Delete(self, request: Any, context: Any) -> Any:
        if decode(request.properties, ROOT).get("disableApiTermination"):
            context.abort(grpc.StatusCode.UNKNOWN, "OperationNotPermitted: termination protection")
        if _type(request.urn).endswith("/instance:Instance"):
            self.machines.remove(request.id)
        self.machines.free(request.id)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        args = decode(request.args, ROOT)
        if UNKNOWN in args.values():
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{request.tok}: unknown arguments")
        answers: dict[str, dict[str, Any]] = {
            "aws:ssm/getParameter:getParameter": {"value": os.environ.get(IMAGE, "ami-1")},
            "aws:ec2/getInstance:getInstance": {
                "publicIp": self.machines.existing(args.get("instanceId"))
            },
            "oci:Core/getInstance:getInstance": {
                "publicIp": self.machines.existing(args.get("instanceId"))
            },
            "oci:Core/getVnicAttachments:getVnicAttachments": {
                "vnicAttachments": [{"vnicId": f"vnic of {args.get('instanceId')}"}]
            },
            "oci:Core/getPrivateIps:getPrivateIps": {
                "privateIps": [{"id": f"ip of {args.get('vnicId')}", "isPrimary": True}]
            },
        }
        answer = {**args, **answers[request.tok]}
        return provider_pb2.InvokeResponse(**{"return": encode(answer)})

    def _outputs(self, type_: str, id_: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Make what is to be made, and give what the cloud adds to the inputs."""
        match type_:
            case "aws:ec2/eip:Eip":
                return {"publicIp": self.machines.reserve(id_), "allocationId": id_}
            case "aws:ec2/eipAssociation:EipAssociation":
                self.machines.associate(
                    str(inputs["allocationId"]), str(inputs["networkInterfaceId"])
                )
            case "aws:ec2/instance:Instance":
                self.machines.boot_at_ec2(id_, inputs)
            case "aws:ec2/keyPair:KeyPair":
                return {"keyName": id_}
            case "aws:ec2/subnet:Subnet":
                self.machines.take(id_, f"{inputs['vpcId']} {inputs['cidrBlock']}")
            case "oci:Core/subnet:Subnet":
                self.machines.take(id_, f"{inputs['vcnId']} {inputs['cidrBlock']}")
            case "oci:Core/instance:Instance":
                self.machines.boot_at_oci(id_, inputs)
            case "oci:Core/publicIp:PublicIp":
                address = self.machines.reserve(id_)
                self.machines.lead(address, inputs.get("privateIpId"))
                return {"ipAddress": address}
            case "tls:index/privateKey:PrivateKey":
                return _key_pair()
        return {}


def _type(urn: str) -> str:
    return str(urn).split("::")[2].rpartition("$")[2]


def _key_pair() -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        key = Key.make(Path(folder) / "key")
        return {"privateKeyOpenssh": key.private, "publicKeyOpenssh": f"{key.public}\n"}


def serve(package: str) -> None:
    """Serve until the engine ends us."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    stand_in = StandIn(package, Yard.of_environment())
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(stand_in, server)
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
