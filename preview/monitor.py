# ruff: noqa: N802 — methods have the names of the gRPC calls that they stand for
"""What the SDK speaks to instead of an engine: it records, and answers as a preview would.

Nothing is looked up: no provider runs and no state is read. In a first preview a custom resource
gets its inputs back as outputs and an empty id, so that everything else about it is unknown. Where
something is there already (`existing`), that says what the program gets back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]  # ships no types
from pulumi.runtime.proto import callback_pb2, provider_pb2, resource_pb2

from preview import urn as urns
from preview.error import RecordingError
from preview.existing import Existing
from preview.registration import Registered, Request, read, registered, source_of
from preview.resource import Resource
from preview.value import UNKNOWN, Unknown, Value
from preview.wire import decode, encode, mark_secret

Answer: TypeAlias = (
    Mapping[str, Value] | Unknown | Callable[[Mapping[str, Value]], Mapping[str, Value] | Unknown]
)
"""What a provider's function returns: its result, `UNKNOWN`, or a function of its arguments."""

DENY_DEFAULTS: Final = "pulumi:disable-default-providers"
"""The configuration key that lists packages (`["*"]`: all) which need an explicit provider."""

_GET_RESOURCE: Final = "pulumi:pulumi:getResource"

# Without OUTPUT_VALUES, so that inputs come as plain values. Without INVOKE_DEPENDS_ON, so that the
# SDK itself leaves out the calls that wait for a resource which doesn't exist yet.
_FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    # Claimed so that a program which uses them reads our refusal, not "update the Pulumi CLI".
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A provider's function that the program called."""

    token: str
    args: Mapping[str, Value]
    provider: str | None = None


class Monitor:
    """The resource monitor of one run.

    It refuses what an engine refuses (a URN twice, a parent that isn't there) and what it can't
    answer truthfully (functions without an answer, transforms, components of other languages).
    """

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        config: Mapping[str, str],
        root: Path,
        answers: Mapping[str, Answer],
        existing: Existing | None = None,
    ) -> None:
        self._existing = existing
        self.invocations: list[Invocation] = []
        self._project = project
        self._stack = stack
        self._answers = answers
        self._denied = _denied(config.get(DENY_DEFAULTS, "[]"))
        self._so_far = Registered(root)
        self._outputs: dict[str, dict[str, Value]] = {}
        self._packages: dict[str, tuple[str, str]] = {}

    def resources(self) -> tuple[Resource, ...]:
        """Everything registered or read, in that order."""
        return tuple(
            replace(resource, outputs=self._outputs.get(resource.urn))
            for resource in self._so_far.resources.values()
        )

    # Resources

    def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Record a resource; answer as the preview of its creation, or of what becomes of it."""
        what = _what(request)
        if request.remote:
            raise RecordingError(
                f"{what}: is a component that its provider builds, and what is in it isn't known "
                "without an engine; use `pulumi preview`"
            )
        if request.transforms:
            _refuse_transforms(what)
        urn = self._new_urn(request)
        aliases = urns.aliases(urn, request.parent, request.aliases, self._so_far.aliases)
        provider = self._provider(request) if request.custom else None
        resource = registered(
            request, urn=urn, provider=provider, aliases=aliases, so_far=self._so_far
        )
        self._so_far.add(resource)
        id_, outputs = self._meet(resource, request.object)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        secret = _with_secrets(outputs, request.additionalSecretOutputs)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=secret)

    def RegisterResourceOutputs(
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        """Record what a component, or the stack, gives out."""
        self._outputs[request.urn] = decode(request.outputs, self._so_far.root)
        return empty_pb2.Empty()

    def ReadResource(
        self, request: resource_pb2.ReadResourceRequest
    ) -> resource_pb2.ReadResourceResponse:
        """Record a look-up; nobody looked, so all that isn't given is unknown."""
        urn = self._new_urn(request)
        provider = self._provider(request)
        resource = read(request, urn=urn, provider=provider, so_far=self._so_far)
        self._so_far.add(resource)
        _, found = self._meet(resource, request.properties)
        outputs = _with_secrets(found, request.additionalSecretOutputs)
        known_id = "" if request.id == UNKNOWN.value else request.id
        return resource_pb2.ReadResourceResponse(urn=urn, properties=outputs, id=known_id)

    def ExistsResource(
        self, _request: resource_pb2.ExistsResourceRequest
    ) -> resource_pb2.ExistsResourceResponse:
        """Say that nobody looked."""
        return resource_pb2.ExistsResourceResponse(unknown=True)

    def _meet(self, resource: Resource, inputs: struct_pb2.Struct) -> tuple[str, struct_pb2.Struct]:
        """Give the id, empty if unknown, and the outputs that the program reads of a resource."""
        if self._existing is None:
            return "", inputs
        met = self._existing.meet(resource)
        return met.id or "", encode(met.outputs)

    def _new_urn(self, request: Request) -> str:
        what, so_far = _what(request), self._so_far
        if request.parent and request.parent not in so_far.resources:
            raise RecordingError(
                f"{what}: its parent {request.parent} isn't registered in this program; "
                "pass the parent as a resource"
            )
        urn = urns.make(self._stack, self._project, request.parent, request.type, request.name)
        if urn in so_far.resources:
            here, there = source_of(request, so_far.root), so_far.resources[urn].source
            raise RecordingError(
                f"{here or what}: the URN {urn} is taken by the resource of {there}; "
                "give one of them another name or parent"
            )
        return urn

    def _provider(self, request: Request) -> str | None:
        """The provider that the engine would take: the one that is named, or a default one."""
        package, *rest = request.type.split(":")
        if len(rest) != 2 or not (package and all(rest)):
            raise RecordingError(
                f"{_what(request)}: {request.type!r} is no resource type; "
                "write it as package:module:Name"
            )
        if request.type.startswith(urns.PROVIDER_PREFIX):
            return None
        if request.provider:
            return request.provider
        if self._denied & {"*", package}:
            raise RecordingError(
                f"{_what(request)}: has no explicit provider, and {DENY_DEFAULTS} leaves "
                f"{package} no default one; pass provider= or providers= in its options or its "
                "parent's"
            )
        version, url = self._packages.get(
            request.packageRef, (request.version, request.pluginDownloadURL)
        )
        name = urns.default_provider(self._stack, self._project, package, version, url)
        return f"{name}::{UNKNOWN.value}"

    # Functions

    def Invoke(
        self, request: resource_pb2.ResourceInvokeRequest
    ) -> resource_pb2.ResourceInvokeResponse:
        """Answer a function from the answers given."""
        if request.tok == _GET_RESOURCE:
            return self._get_resource(request)
        answer = self._answer(request)
        if isinstance(answer, Unknown):
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        return resource_pb2.ResourceInvokeResponse(**{"return": encode(answer)})

    def Call(self, request: resource_pb2.ResourceCallRequest) -> provider_pb2.CallResponse:
        """Answer a resource's method from the answers given."""
        answer = self._answer(request)
        if isinstance(answer, Unknown):
            answer = {"result": UNKNOWN}
        return provider_pb2.CallResponse(**{"return": encode(answer)})

    def _answer(
        self, request: resource_pb2.ResourceInvokeRequest | resource_pb2.ResourceCallRequest
    ) -> Mapping[str, Value] | Unknown:
        args = decode(request.args, self._so_far.root)
        provider = request.provider or None
        self.invocations.append(Invocation(token=request.tok, args=args, provider=provider))
        if request.tok not in self._answers:
            raise RecordingError(
                f"{request.tok}: only a provider can answer this function, and none runs here; "
                "give record() its result, or UNKNOWN, in `answers`"
            )
        answer = self._answers[request.tok]
        return answer(args) if callable(answer) else answer

    def _get_resource(
        self, request: resource_pb2.ResourceInvokeRequest
    ) -> resource_pb2.ResourceInvokeResponse:
        # The SDK asks this for a resource that it was given by reference.
        urn = str(request.args["urn"])
        resource = self._so_far.resources.get(urn)
        if resource is None:
            raise RecordingError(f"{urn}: isn't registered in this program; register it first")
        state = dict(resource.inputs) if resource.custom else self._outputs.get(urn, {})
        found = {"urn": urn, "id": resource.read_id or "", "state": state}
        return resource_pb2.ResourceInvokeResponse(**{"return": encode(found)})

    # The rest of the service

    def GetDeploymentInfo(self, _request: empty_pb2.Empty) -> resource_pb2.DeploymentInfo:
        """Say what this monitor can do."""
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def RegisterPackage(
        self, request: resource_pb2.RegisterPackageRequest
    ) -> resource_pb2.RegisterPackageResponse:
        """Take a parameterized package; its reference is its name and version."""
        package = request.parameterization if request.HasField("parameterization") else request
        ref = f"{package.name}@{package.version}"
        self._packages[ref] = (package.version, request.download_url)
        return resource_pb2.RegisterPackageResponse(ref=ref)

    def RegisterResourceHook(self, _request: object) -> empty_pb2.Empty:
        """Accept a hook: hooks run when something is deployed."""
        return empty_pb2.Empty()

    def RegisterErrorHook(self, _request: object) -> empty_pb2.Empty:
        """Accept a hook: nothing fails here."""
        return empty_pb2.Empty()

    def RegisterStackTransform(self, _request: callback_pb2.Callback) -> NoReturn:
        """Refuse: the recording would lack what the transform changes."""
        _refuse_transforms("the stack")

    def RegisterStackInvokeTransform(self, _request: callback_pb2.Callback) -> NoReturn:
        """Refuse, as above."""
        _refuse_transforms("the stack")

    def SignalAndWaitForShutdown(self, _request: empty_pb2.Empty) -> empty_pb2.Empty:
        """Let the program end at once."""
        return empty_pb2.Empty()


def _denied(setting: str) -> frozenset[str]:
    try:
        return frozenset(json.loads(setting))
    except (ValueError, TypeError):
        raise RecordingError(
            f'{DENY_DEFAULTS}: is no JSON list of package names; write it as ["docker"] or ["*"]'
        ) from None


def _what(request: Request) -> str:
    return f"{request.type} {request.name}"


def _refuse_transforms(what: str) -> NoReturn:
    raise RecordingError(
        f"{what}: transforms are run by the engine, so their effect can't be recorded; "
        "use `transformations`, which the SDK runs, or `pulumi preview`"
    )


def _with_secrets(outputs: struct_pb2.Struct, secret: list[str]) -> struct_pb2.Struct:
    """The outputs of a resource, those named as secrets."""
    marked = struct_pb2.Struct()
    marked.CopyFrom(outputs)
    for name in secret:
        mark_secret(marked, name)
    return marked
