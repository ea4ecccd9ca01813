"""Random systems that are valid by the way they are made, as the data of their files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st

Data = dict[str, Any]
SECRET_VALUE = "the-value-of-a-secret"
names = st.sampled_from(["a", "b", "c-d", "c", "d0", "web", "x" * 20])


@dataclass(slots=True)
class Made:
    """A system: the data of ``system.yaml`` and of its compose files by name, and its target."""

    target: str
    system: Data
    compose: dict[str, Data] = field(default_factory=dict)

    def files(self, shuffle: int | None = None) -> dict[str, str]:
        """Give the texts of its files, each on one line; keys in another order for a number."""
        stack = {
            "stackgraph:target": self.target,
            "stackgraph:systems": ["made"],
            "stackgraph:made": {
                "hosts": {
                    name: {"address": "192.0.2.10", "host_key": "ssh-ed25519 AAAA"}
                    for name in self.system["hosts"]
                },
                "secrets": {
                    name: f"{SECRET_VALUE}-configured-{name}" for name in self.system["secrets"]
                },
            },
        }
        texts = {
            "Pulumi.test.yaml": {"config": stack},
            "systems/made/system.yaml": self.system,
            **{f"systems/made/{name}": data for name, data in self.compose.items()},
        }
        return {name: json.dumps(_shuffled(data, shuffle)) for name, data in texts.items()}


def _shuffled(data: Any, seed: int | None) -> Any:
    if isinstance(data, dict):
        keys = list(data)
        if seed is not None:
            Random(seed).shuffle(keys)
        return {key: _shuffled(data[key], seed) for key in keys}
    return [_shuffled(item, seed) for item in data] if isinstance(data, list) else data


@st.composite
def systems(draw: st.DrawFn) -> Made:
    """Make a system of one or two hosts, up to three apps and a dozen services."""
    target = draw(st.sampled_from(["dev", "prod"]))
    host_names = draw(st.lists(names, min_size=1, max_size=2, unique=True))
    # On the dev stack all hosts are one machine, on which one ingress has the ports.
    with_ingress = host_names[:1]
    if target == "prod":
        with_ingress = draw(subset(host_names))
    secrets = [f"S{number}" for number in range(draw(st.integers(1, 3)))]
    made = Made(
        target,
        {
            "hosts": {
                name: {
                    "kind": "vps",
                    "platform": "linux/amd64",
                    "cpus": 2,
                    "memory": "2GiB",
                    **({"ingress": {"kind": "caddy"}} if name in with_ingress else {}),
                }
                for name in host_names
            },
            "apps": {},
            "variables": {"V": {"purpose": "test", "default": "v"}},
            "secrets": {n: {"purpose": "test", "dev": f"{SECRET_VALUE}-{n}"} for n in secrets},
            "zones": {"example.com": {"provider": "external"}},
            "basic_auth": {"users": {"ann": secrets[0]}},
            "routes": {},
            "externals": {"outside": {"purpose": "test"}},
            "flows": [],
        },
    )
    free_ports = iter(range(20_000, 30_000, 10))
    for key in draw(st.lists(names, min_size=1, max_size=3, unique=True)):
        host = draw(st.sampled_from(host_names))
        made.system["apps"][key] = {"host": host, "compose": f"{key}.compose.yaml"}
        app = draw(apps(secrets, free_ports))
        made.compose[f"{key}.compose.yaml"] = app
        _add_routes(draw, made, key, app, routed=host in with_ingress)
    return made


def subset(items: list[str]) -> st.SearchStrategy[list[str]]:
    """Choose some of the items, or none."""
    return st.sets(st.sampled_from(items)).map(sorted) if items else st.just([])


@st.composite
def apps(draw: st.DrawFn, secrets: list[str], free_ports: Any) -> Data:
    """Make a compose file whose names all refer to something."""
    networks = draw(st.lists(names, max_size=3, unique=True))
    volumes = draw(st.lists(names, max_size=2, unique=True))
    service_names = draw(st.lists(names, min_size=1, max_size=5, unique=True))
    spec: Data = {
        "services": {},
        "networks": {n: draw(st.sampled_from([{}, {"internal": True}])) for n in networks},
        "volumes": {n: {} for n in volumes},
        "secrets": {n.lower(): {"environment": n} for n in secrets},
        "configs": {"config": {"content": "a ${V}"}},
    }
    for name in service_names:
        before = list(spec["services"])
        joined = draw(subset(networks))
        service: Data = {"image": f"image-{name}:1", "expose": ["8080"]}
        if joined:
            service["networks"] = joined
        if draw(st.booleans()):
            service["healthcheck"] = {"test": ["CMD", "true"]}
        outside = not joined or any("internal" not in spec["networks"][n] for n in joined)
        if outside and draw(st.booleans()):
            port = next(free_ports)
            service["ports"] = [f"{port}-{port + 3}:{port}-{port + 3}/udp", f"{port}:8080"]
        if draw(st.booleans()) and volumes:
            service["volumes"] = [f"{draw(st.sampled_from(volumes))}:/data"]
        if draw(st.booleans()):
            service["environment"] = {"A": f"x${{{draw(st.sampled_from(secrets))}}}y", "B": "$V"}
        if draw(st.booleans()):
            service["secrets"] = [draw(st.sampled_from(secrets)).lower()]
            service["configs"] = ["config"]
        service["depends_on"] = {
            other: {"condition": draw(st.sampled_from(_conditions(spec["services"][other])))}
            for other in draw(subset(before))
        }
        spec["services"][name] = service
    return spec


def _conditions(service: Data) -> list[str]:
    always = ["service_started", "service_completed_successfully"]
    return [*always, "service_healthy"] if "healthcheck" in service else always


def _add_routes(draw: st.DrawFn, made: Made, key: str, app: Data, *, routed: bool) -> None:
    for name in app["services"]:
        if draw(st.booleans()):
            continue
        target = f"{key}/{name}"
        made.system["flows"].append(f"outside -> {target}")
        if routed:
            path = draw(st.sampled_from(["", "/api", "/api/*", "/files/*"]))
            access = draw(st.sampled_from(["public", {"basic_auth": "users"}]))
            route = {"to": f"{target}:8080", "access": access}
            made.system["routes"][f"{name}.{key}.example.com{path}"] = route
