"""Random systems that are valid by the way they are made, as the data of their files."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
        # The ways of a choice are told in the order in which they are written.
        return {key: data[key] if key == "either" else _shuffled(data[key], seed) for key in keys}
    return [_shuffled(item, seed) for item in data] if isinstance(data, list) else data


@st.composite
def systems(draw: st.DrawFn) -> Made:
    """Make a system of up to three hosts, up to three apps and a dozen services, and around them
    all that a system may have besides.
    """
    target = draw(st.sampled_from(["dev", "prod"]))
    host_names = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    secrets = [f"S{number}" for number in range(draw(st.integers(1, 3)))]
    made = Made(
        target,
        {
            "hosts": {name: _host(draw) for name in host_names},
            "apps": {},
            "variables": {"V": {"purpose": "test", "default": "v"}},
            "secrets": {n: {"purpose": "test", "dev": f"{SECRET_VALUE}-{n}"} for n in secrets},
            "zones": {
                "example.com": {"provider": "external"},
                "example.org": {"provider": "cloudflare", "proxied": draw(st.booleans())},
            },
            "basic_auth": {"users": {"ann": secrets[0]}},
            "routes": {},
            "externals": {"outside": {"purpose": "test"}, "news": {"purpose": "test"}},
            "flows": [],
        },
    )
    with_mesh = draw(st.booleans())
    if with_mesh:
        members = draw(subset(host_names))
        made.system["mesh"] = {"kind": "headscale", "cidr": "100.64.0.0/10", "members": members}
    free_ports = iter(range(20_000, 30_000, 10))
    for key in draw(st.lists(names, min_size=1, max_size=3, unique=True)):
        host = draw(st.sampled_from(host_names))
        made.system["apps"][key] = {"host": host, "compose": f"{key}.compose.yaml"}
        app = draw(apps(secrets, free_ports))
        made.compose[f"{key}.compose.yaml"] = app
        _add_routes(draw, made, key, app, free_ports)
    _add_places(draw, made, free_ports)
    _add_calls(draw, made)
    _add_operations(draw, made)
    return made


def _host(draw: st.DrawFn) -> Data:
    host: Data = {
        "kind": draw(st.sampled_from(["vps", "ec2", "oci"])),
        "platform": draw(st.sampled_from(["linux/amd64", "linux/arm64"])),
        "cpus": 2,
        "memory": "2GiB",
    }
    said = draw(st.sampled_from(["caddy", "caddy", "nginx", "described", ""]))
    if said == "described":
        host["managed_by"] = "Somebody else"
    elif said:
        host["ingress"] = {"kind": said}
    return host


ACCESS = ["public", {"basic_auth": "users"}, {"allow": ["192.0.2.0/24"]}]
"""Who may use a route, where there is no mesh."""


def _access(draw: st.DrawFn, made: Made) -> Any:
    mesh = ["mesh", {"mesh": True, "basic_auth": "users"}] if "mesh" in made.system else []
    return draw(st.sampled_from([*ACCESS, *mesh]))


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


def _add_routes(
    draw: st.DrawFn, made: Made, key: str, app: Data, free_ports: Iterator[int]
) -> None:
    host = made.system["hosts"][made.system["apps"][key]["host"]]
    ingress = host.get("ingress", {}).get("kind")
    for name, service in app["services"].items():
        if draw(st.booleans()):
            continue
        target = f"{key}/{name}"
        if ingress == "nginx":
            if all(app["networks"][n] for n in service.get("networks", ())):
                service.pop("networks", None)  # what publishes is on a network that is not internal
            port = f"127.0.0.1:{next(free_ports)}:8080"
            service["ports"] = [*service.get("ports", ()), port]
        if ingress:
            path = draw(st.sampled_from(["", "/api", "/api/*", "/files/*"]))
            zone = draw(st.sampled_from(["example.com", "example.org"]))
            route = {"to": f"{target}:8080", "access": _access(draw, made)}
            made.system["routes"][f"{name}.{key}.{zone}{path}"] = route
            via = {"via": f"{name}.{key}.{zone}"} if draw(st.booleans()) else {}
            made.system["flows"].append({f"outside -> {target}": via})
        else:
            made.system["flows"].append(f"outside -> {target}")


def _add_places(draw: st.DrawFn, made: Made, free_ports: Iterator[int]) -> None:
    """Add processes, sites and jobs, and routes to them where nginx serves their host."""
    made.system |= {"processes": {}, "sites": {}, "jobs": {}}
    for name, host in made.system["hosts"].items():
        nginx = host.get("ingress", {}).get("kind") == "nginx"
        if draw(st.booleans()):
            port = next(free_ports)
            address = draw(st.sampled_from(["127.0.0.1", "0.0.0.0"]))
            made.system["processes"][f"process-{name}"] = {
                "host": name,
                "manager": draw(st.sampled_from(["systemd", "pm2"])),
                "purpose": "test",
                "command": "x",
                "directory": "/srv/x",
                "user": "x",
                "listens": [{"port": port, "address": address}],
            }
            made.system["jobs"][f"job-{name}"] = {
                "host": name,
                "schedule": "5 2 * * *",
                "command": "x",
                "purpose": "test",
            }
            if nginx:
                route = {"to": f"process-{name}:{port}", "access": _access(draw, made)}
                made.system["routes"][f"process-{name}.example.com"] = route
        if draw(st.booleans()):
            site = {"host": name, "path": "/srv/site", "purpose": "test"}
            made.system["sites"][f"site-{name}"] = site
            if nginx:
                route = {"site": f"site-{name}", "access": _access(draw, made)}
                made.system["routes"][f"site-{name}.example.com"] = route


def _services(made: Made) -> list[str]:
    return [
        f"{file.removesuffix('.compose.yaml')}/{name}"
        for file, data in made.compose.items()
        for name in data["services"]
    ]


def _add_calls(draw: st.DrawFn, made: Made) -> None:
    ends = ["internet", "outside", *_services(made), *made.system["processes"]]
    pairs = st.tuples(st.sampled_from(ends), st.sampled_from(ends))
    for caller, called in draw(st.lists(pairs, max_size=3, unique=True)):
        made.system["flows"].append({f"{caller} -> {called}": {"soft": draw(st.booleans())}})
    steps: list[Any] = [
        f"{caller} {arrow} {called}: says"
        for arrow, (caller, called) in draw(
            st.lists(st.tuples(st.sampled_from(["->", "-->"]), pairs), min_size=1, max_size=3)
        )
    ]
    choice = {"either": {"one": [*steps], "other": ["somebody -> outside: asks"]}}
    steps.append(choice)
    made.system["scenarios"] = {
        "scenario": {"purpose": "test", "actors": ["somebody"], "steps": steps}
    }


def _add_operations(draw: st.DrawFn, made: Made) -> None:
    services = _services(made)
    server = draw(st.sampled_from(services))
    used_by = draw(subset(services))
    made.system["buckets"] = {"bucket": {"provider": "p", "region": "r", "purpose": "test"}}
    made.system["databases"] = {
        name: {"server": server, "used_by": used_by, "index": index}
        for index, name in enumerate(["database", "cache"])
    }
    volumes = [
        f"{file.removesuffix('.compose.yaml')}/{name}"
        for file, data in made.compose.items()
        for name in data["volumes"]
    ]
    saved = draw(subset([*volumes, *made.system["processes"]]))
    made.system["disposable"] = {name: "test" for name in volumes if name not in saved}
    made.system["backups"] = {
        "backup": {
            "host": draw(st.sampled_from(sorted(made.system["hosts"]))),
            "schedule": "55 2 * * *",
            "directory": "/var/backups",
            "captures": [
                {"of": server, "method": "postgres"},
                *({"of": name, "method": "copy"} for name in saved),
            ],
            "copies": [{"by": server, "to": "bucket"}],
            "heartbeat": "outside",
        }
    }
    urls = [f"https://{key.rstrip('*')}" for key in made.system["routes"]]
    targets = draw(subset([*urls, "backup", f"{server}:8080"]))
    made.system["monitors"] = {
        f"monitor-{number}": {"prober": "outside", "target": t, "every": "5m", "notify": ["news"]}
        for number, t in enumerate(targets)
    }
    made.system["waivers"] = [
        {"rule": "B01", "path": "backups.backup", "reason": "only a test", "until": "2999-12-31"}
    ]
