"""A system as large as one likes: what `check` is timed on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SERVICES_OF_AN_APP = 20


def write_project(folder: Path, *, services: int, routes: int) -> Path:
    """Write a project whose one system has so many services and routes, and no findings."""
    apps = services // SERVICES_OF_AN_APP
    system = folder / "systems" / "large"
    system.mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: stackgraph\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text(
        "config:\n  stackgraph:target: dev\n  stackgraph:systems: [large]\n"
    )
    (system / "system.yaml").write_text(_system(apps, routes), encoding="utf-8")
    for number in range(apps):
        text = _app(number, routed=-(-routes // apps))
        (system / f"app{number}.compose.yaml").write_text(text, encoding="utf-8")
    return folder


def _system(apps: int, routes: int) -> str:
    lines = [
        "hosts:",
        "  vps:",
        "    {kind: vps, platform: linux/amd64, cpus: 64, memory: 2048GiB,",
        "    docker: {logs: {max_size: 10m}}, ingress: {kind: caddy}}",
        "apps:",
        *(f"  app{n}: {{host: vps, compose: app{n}.compose.yaml}}" for n in range(apps)),
        "variables:",
        *(f'  NAME{n}: {{purpose: "Name of {n}", default: name{n}}}' for n in range(apps)),
        "secrets:",
        *(f'  PASSWORD{n}: {{purpose: "Database {n}", dev: dev-only-{n}}}' for n in range(apps)),
        "zones:",
        "  example.com: {provider: external}",
        "routes:",
    ]
    flows, disposable = ["flows:"], ["disposable:"]
    per_app = -(-routes // apps)
    for n in range(apps):
        count = min(per_app, routes - n * per_app)
        lines += [
            f"  s{i}.app{n}.example.com: {{to: app{n}/s{i}:8080, max_body: 10MiB}}"
            for i in range(count)
        ]
        flows += [
            f"  - app{n}/s{i} -> app{n}/db: {{protocol: postgres, purpose: Data}}"
            for i in range(SERVICES_OF_AN_APP - 1)
        ]
        disposable.append(f'  app{n}/data: "only made to be measured"')
    return "\n".join([*lines, *disposable, *flows]) + "\n"


def _app(number: int, *, routed: int) -> str:
    services: dict[str, Any] = {
        f"s{i}": _service(
            number,
            depends=["db"] if i % 2 else ["db", "s0"] if i else ["db"],
            networks=["front", "data"] if i < routed else ["data"],
        )
        for i in range(SERVICES_OF_AN_APP - 1)
    }
    services["db"] = {
        "image": "postgres:16.15-alpine",
        "environment": {"POSTGRES_PASSWORD_FILE": "/run/secrets/password"},
        "secrets": ["password"],
        "expose": ["5432"],
        "networks": ["data"],
        "volumes": ["data:/var/lib/postgresql/data"],
        "mem_limit": "256m",
        "healthcheck": {
            "test": ["CMD", "pg_isready", "-h", "127.0.0.1"],
            "interval": "10s",
            "timeout": "5s",
        },
    }
    compose = {
        "services": services,
        "networks": {
            "front": {
                "ipam": {"config": [{"subnet": f"10.{number // 128}.{number % 128 * 2}.0/24"}]}
            },
            "data": {"internal": True},
        },
        "volumes": {"data": {}},
        "secrets": {"password": {"environment": f"PASSWORD{number}"}},
    }
    return _yaml(compose)


def _service(number: int, *, depends: list[str], networks: list[str]) -> dict[str, Any]:
    return {
        "image": "registry.example.com/team/service:1.4.2",
        "restart": "unless-stopped",
        "environment": {
            "DATABASE_URL": f"postgres://app:${{PASSWORD{number}}}@db:5432/app",
            "NAME": f"${{NAME{number}}}",
            "LOG_LEVEL": "info",
        },
        "expose": ["8080"],
        "networks": networks,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "depends_on": {name: {"condition": "service_healthy"} for name in depends},
        "healthcheck": {
            "test": ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/health"],
            "interval": "10s",
            "timeout": "5s",
        },
        "deploy": {"resources": {"limits": {"memory": "256M"}}},
    }


def _yaml(value: Any, indent: int = 0) -> str:
    """Write data as people do: block mappings, short lists in a line."""
    text = ""
    for key, item in value.items():
        pad = "  " * indent
        if isinstance(item, dict) and item:
            text += f"{pad}{key}:\n{_yaml(item, indent + 1)}"
        else:
            text += f"{pad}{key}: {json.dumps(item)}\n"
    return text
