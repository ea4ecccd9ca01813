"""The catalogue of images: references, floating tags, facts; and our systems agree with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from graph.catalogue import (
    IMMUTABLE_VARIABLES,
    VARIABLE_PATTERNS,
    ImageFacts,
    Reference,
    facts_of,
    is_floating,
    major,
    parse_reference,
)
from graph.catalogue.images import ALIASES, IMAGES
from graph.catalogue.tag import Tag

DIGEST = "sha256:" + "0123456789abcdef" * 4
SYSTEMS = Path(__file__).parents[2] / "systems"
ENTRIES = sorted({*IMAGES, *ALIASES})


def facts(reference: str) -> ImageFacts:
    found = facts_of(reference)
    assert found is not None, reference
    return found


@pytest.mark.parametrize(
    ("reference", "parsed"),
    [
        ("redis", Reference("redis")),
        ("redis:7.4.11-alpine", Reference("redis", "7.4.11-alpine")),
        ("library/redis:8", Reference("redis", "8")),
        ("docker.io/library/redis:8", Reference("redis", "8")),
        ("index.docker.io/grafana/loki:3.6.5", Reference("grafana/loki", "3.6.5")),
        ("public.ecr.aws/docker/library/nginx:1.29.3", Reference("nginx", "1.29.3")),
        ("mirror.gcr.io/library/caddy", Reference("caddy")),
        ("docker.n8n.io/n8nio/n8n:2.7.3", Reference("n8nio/n8n", "2.7.3")),
        (
            "ghcr.io/berriai/litellm:main-stable",
            Reference("ghcr.io/berriai/litellm", "main-stable"),
        ),
        ("localhost:5000/redis", Reference("localhost:5000/redis")),
        ("localhost:5000/redis:8", Reference("localhost:5000/redis", "8")),
        ("registry.example.com/library/redis", Reference("registry.example.com/library/redis")),
        (f"caddy@{DIGEST}", Reference("caddy", None, DIGEST)),
        (f"localhost:5000/a:1@{DIGEST}", Reference("localhost:5000/a", "1", DIGEST)),
        (DIGEST, Reference("", None, DIGEST)),
        ("", Reference("")),
    ],
)
def test_references_are_taken_apart(reference: str, parsed: Reference) -> None:
    assert parse_reference(reference) == parsed


@pytest.mark.parametrize(
    ("tag", "number"),
    [
        (None, None),
        ("latest", None),
        ("alpine", None),
        ("stable-alpine3.22", None),
        ("pg16", None),
        ("2025-10-15", None),
        ("RELEASE.2025-09-07T16-13-09Z", None),
        ("sha-1234abc", None),
        ("7", 7),
        ("7-alpine", 7),
        ("16.15-alpine", 16),
        ("v1.13.5", 1),
        ("release-10.12.1", 10),
        ("main-v1.63.14-stable", 1),
        ("0.8.6-pg16", 0),
        ("2026.5.27", 2026),
    ],
)
def test_major_version_of_a_tag(tag: str | None, number: int | None) -> None:
    assert major(tag) == number


@pytest.mark.parametrize(
    "reference",
    [
        "redis",
        "redis:latest",
        "localhost:5000/redis",
        "app:nightly",
        "app:nightly-alpine",
        "app:main",
        "app:master",
        "app:stable",
        "app:edge",
        "app:dev",
        "app:1.2.3-nightly",
        "redis:7-alpine",
        "redis:8.4-bookworm",
        "caddy:2-alpine",
        "nginx:1.29",
        "nginx:alpine3.22",
        "nginx:stable-alpine3.22",
        "mariadb:10.5",
        "mysql:8.4",
        "postgres:16",
        "postgres:16-alpine",
        "postgres:alpine",
        "docker.io/library/postgres:18",
        "pgvector/pgvector:pg16",
        "ghcr.io/nicotsx/zerobyte:v0.29",
        "ghcr.io/berriai/litellm:main-stable",
        "metabase/metabase:v0.58.x",
        "langfuse/langfuse:3",
        "mattermost/mattermost-team-edition:release-10.12",
        "quay.io/someone/postgres:16.4",  # whose numbering nobody knows
    ],
)
def test_floating(reference: str) -> None:
    assert is_floating(reference)


@pytest.mark.parametrize(
    "reference",
    [
        f"redis@{DIGEST}",
        f"redis:latest@{DIGEST}",
        DIGEST,
        "redis:7.4.11-alpine",
        "caddy:2.11.4-alpine",
        "nginx:1.29.3-alpine3.22",
        "mariadb:10.5.29",
        "postgres:16.4",
        "postgres:16.15-alpine",
        "docker.io/library/postgres:18.1-bookworm",
        "pgvector/pgvector:0.8.1-pg16",
        "livekit/livekit-server:v1.13.5",
        "minio/minio:RELEASE.2025-09-07T16-13-09Z",
        "app:2025-10-15",
        "app:20251015",
        "app:nightly-2025-10-15",
        "clickhouse/clickhouse-server:26.10.1.1",
        "clickhouse/clickhouse-server:25.8.33.6-alpine",
        "ghcr.io/openclaw/openclaw:2026.5.27",
        "ghcr.io/berriai/litellm:v1.81.3-stable",
        "ghcr.io/berriai/litellm:main-v1.63.14-stable",
        "ghcr.io/example/app:sha-1234abc",
        "ghcr.io/example/app:0d55be9aa67b917c2a45cadabf07518f356443b0",
        "nocodb/nocodb:2026.10.1",
    ],
)
def test_not_floating(reference: str) -> None:
    assert not is_floating(reference)


def test_an_image_that_is_not_listed_has_no_facts() -> None:
    assert facts_of("ghcr.io/example/app:1.2.3") is None
    assert facts_of("registry.example.com/postgres:16.4") is None
    assert facts_of("") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("docker.n8n.io/n8nio/n8n:2.7.3", "n8nio/n8n:2.7.3"),
        ("docker.io/library/redis:7.4.11", "redis:7.4.11"),
        ("ghcr.io/juanfont/headscale:0.26.1", "headscale/headscale:0.26.1"),
        ("quay.io/minio/minio", "minio/minio"),
        (
            "mattermost/mattermost-enterprise-edition:10.5.1",
            "mattermost/mattermost-team-edition:10.5.1",
        ),
    ],
)
def test_other_names_of_an_image_have_its_facts(one: str, other: str) -> None:
    assert facts(one) == facts(other)


@pytest.mark.parametrize(
    ("reference", "right", "wrong"),
    [
        ("postgres:16.15-alpine", "/var/lib/postgresql/data", "/var/lib/postgresql"),
        ("postgres:17", "/var/lib/postgresql/data", "/var/lib/postgresql"),
        ("postgres:18.1-bookworm", "/var/lib/postgresql", "/var/lib/postgresql/data"),
        ("postgres", "/var/lib/postgresql", "/var/lib/postgresql/data"),
        (f"postgres@{DIGEST}", "/var/lib/postgresql", "/var/lib/postgresql/data"),
        ("pgvector/pgvector:0.8.6-pg16", "/var/lib/postgresql/data", "/var/lib/postgresql"),
        ("pgvector/pgvector:pg18-trixie", "/var/lib/postgresql", "/var/lib/postgresql/data"),
        ("postgis/postgis:17-3.5", "/var/lib/postgresql/data", "/var/lib/postgresql"),
    ],
)
def test_postgres_moved_its_data_in_18(reference: str, right: str, wrong: str) -> None:
    found = facts(reference)
    assert found.data_paths == (right,)
    assert found.wrong_data_paths == (wrong,)


@pytest.mark.parametrize(
    ("reference", "missing"),
    [
        ("qdrant/qdrant:v1.16.3", {"curl", "wget"}),
        ("grafana/loki:3.5.1", {"curl"}),
        ("grafana/loki:3.6.5", {"sh", "curl", "wget"}),
        ("grafana/loki:3", {"sh", "curl", "wget"}),
        ("ghcr.io/berriai/litellm:v1.63.11-stable", {"curl"}),
        ("ghcr.io/berriai/litellm:v1.81.3-stable", {"curl", "wget"}),
        ("ghcr.io/berriai/litellm:main-stable", {"curl", "wget"}),
        ("grafana/alloy:v1.13.0", {"curl", "wget"}),
        ("headscale/headscale:0.26.1", {"sh", "curl", "wget"}),
        ("headscale/headscale:0.26.1-debug", set()),
        ("mattermost/mattermost-team-edition:10.11.4", {"wget"}),
        ("mattermost/mattermost-team-edition:11.0.2", {"sh", "curl", "wget"}),
        ("nginx:1.29.3", {"wget"}),
        ("nginx:1.29.3-alpine", set()),
        ("nginx:1.29.3-alpine-slim", {"curl"}),
        ("postgres:16.15", {"curl", "wget"}),
        ("postgres:16.15-alpine", {"curl"}),
        ("victoriametrics/victoria-metrics:v1.135.0", {"curl"}),
        ("victoriametrics/victoria-metrics:v1.135.0-scratch", {"sh", "curl", "wget"}),
    ],
)
def test_missing_tools(reference: str, missing: set[str]) -> None:
    assert set(facts(reference).missing_tools) == missing


@pytest.mark.parametrize(
    ("reference", "removed", "bounding_set"),
    [
        ("redis:7.4.11-alpine", (), False),
        ("redis:8.4.0-bookworm", ("rename-command",), False),
        ("redis:8.8.0", ("rename-command",), True),
        ("redis:8-alpine", ("rename-command",), True),
        ("redis", ("rename-command",), True),
        ("valkey/valkey:9.0.0", (), False),
    ],
)
def test_what_redis_8_changed(reference: str, removed: tuple[str, ...], bounding_set: bool) -> None:
    found = facts(reference)
    assert found.removed_settings == removed
    assert ("SETPCAP" in found.needed_capabilities) == bounding_set


def test_what_a_database_needs_at_its_first_start() -> None:
    (group,) = facts("postgres:16.4").required_variables
    assert group == ("POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", "POSTGRES_HOST_AUTH_METHOD")
    (maria,) = facts("mariadb:11.4.3").required_variables
    assert {"MARIADB_ROOT_PASSWORD_HASH", "MYSQL_ROOT_PASSWORD"} <= set(maria)
    (mysql,) = facts("mysql:8.4.3").required_variables
    assert set(mysql) == {
        "MYSQL_ROOT_PASSWORD",
        "MYSQL_ROOT_PASSWORD_FILE",
        "MYSQL_RANDOM_ROOT_PASSWORD",
        "MYSQL_ALLOW_EMPTY_PASSWORD",
    }


def test_langfuse_2_had_one_database() -> None:
    names = {
        name for group in facts("langfuse/langfuse:2.95.1").required_variables for name in group
    }
    assert "DATABASE_URL" in names
    assert "CLICKHOUSE_URL" not in names
    assert ("CLICKHOUSE_URL",) in facts("langfuse/langfuse:3").required_variables


@pytest.mark.parametrize(
    ("variable", "value", "accepted"),
    [
        ("SIP_TRUNK_ID", "ST_abc", True),
        ("SIP_TRUNK_ID", "TK_abc", False),
        ("N8N_RESTRICT_FILE_ACCESS_TO", "/files;/home/node", True),
        ("N8N_RESTRICT_FILE_ACCESS_TO", "/files:/home/node", False),
        ("LIVEKIT_URL", "ws://livekit:7880", True),
        ("LIVEKIT_URL", "wss://localhost.example.com", True),
        ("LIVEKIT_URL", "ws://localhost:7880", False),
        ("LIVEKIT_URL", "livekit:7880", False),
    ],
)
def test_patterns_for_any_image(variable: str, value: str, accepted: bool) -> None:
    assert VARIABLE_PATTERNS[variable].accepts(value) == accepted


@pytest.mark.parametrize(
    ("image", "variable", "value", "accepted"),
    [
        ("livekit/livekit-server", "LIVEKIT_KEYS", "key: secret", True),
        ("livekit/livekit-server", "LIVEKIT_KEYS", "key:secret", False),
        ("langfuse/langfuse", "ENCRYPTION_KEY", "0" * 64, True),
        ("langfuse/langfuse-worker", "ENCRYPTION_KEY", "dev-only", False),
        ("outlinewiki/outline", "SECRET_KEY", "F" * 63, False),
    ],
)
def test_patterns_of_an_image(image: str, variable: str, value: str, accepted: bool) -> None:
    assert facts(image).variable_patterns[variable].accepts(value) == accepted


@pytest.mark.parametrize("repository", ENTRIES)
def test_every_entry_is_well_formed(repository: str) -> None:
    assert parse_reference(repository) == Reference(repository)
    target = ALIASES.get(repository, repository)
    assert target in IMAGES
    assert target not in ALIASES
    entry = IMAGES[target]
    tags = [Tag.of(tag) for tag in ("latest", "1.0.0-alpine", "99.0.0")]
    for found in [entry] if isinstance(entry, ImageFacts) else [entry(tag) for tag in tags]:
        assert found.source
        assert found.kind is not None
        for path in (*found.data_paths, *found.wrong_data_paths, *(found.read_only_paths or ())):
            assert re.fullmatch(r"(/[\w.-]+)+", path)
        assert not set(found.data_paths) & set(found.wrong_data_paths)
        for path in (*found.needs_auth_paths, found.ready_path or "/"):
            assert path.startswith("/")
        assert found.ready_path not in found.needs_auth_paths
        assert set(found.capabilities_with_user) <= set(found.needed_capabilities)
        assert not any(name.startswith("CAP_") for name in found.needed_capabilities)
        for names in (found.immutable_variables, found.init_only_variables):
            assert not any(name.endswith("_FILE") for name in names)
        for pattern in found.variable_patterns.values():
            re.compile(pattern.expression)
        assert all(found.required_variables)


def test_datastores_are_known_as_such() -> None:
    for image in ("postgres", "mysql", "redis", "valkey/valkey", "qdrant/qdrant", "minio/minio"):
        assert facts(image).datastore
    for image in ("n8nio/n8n", "caddy", "nginx", "livekit/livekit-server", "grafana/grafana"):
        assert not facts(image).datastore


def _services() -> list[tuple[str, dict[str, Any]]]:
    """Give every service of our own systems that uses a listed image, as it is written."""
    return [
        (f"{path.stem}/{name}", service)
        for system in ("dyniq", "example")
        for path in sorted((SYSTEMS / system).glob("*.compose.yaml"))
        for name, service in yaml.safe_load(path.read_text())["services"].items()
        if facts_of(service.get("image", "")) is not None
    ]


@pytest.mark.parametrize(
    "service", [pytest.param(service, id=name) for name, service in _services()]
)
def test_our_own_systems_agree(service: dict[str, Any]) -> None:
    found = facts(service["image"])
    assert not is_floating(service["image"])
    environment = service.get("environment", {})
    runs_the_image = "entrypoint" not in service
    mounts = {volume.split(":")[1] for volume in service.get("volumes", [])}
    if runs_the_image:
        assert set(found.data_paths) <= mounts
        for group in found.required_variables:
            assert set(group) & set(environment)
    assert not mounts & set(found.wrong_data_paths)
    test = service.get("healthcheck", {}).get("test", [])
    if test:
        assert test[1] not in found.missing_tools
        assert not (test[0] == "CMD-SHELL" and "sh" in found.missing_tools)
        if test[-1].startswith("http") and found.ready_path:
            assert test[-1].endswith(found.ready_path)
    if "ALL" in service.get("cap_drop", []):
        needed = found.capabilities_with_user if "user" in service else found.needed_capabilities
        assert not runs_the_image or set(needed) <= set(service.get("cap_add", []))
    limit = service.get("deploy", {}).get("resources", {}).get("limits", {}).get("memory")
    if found.min_memory and limit:
        unit = {"M": 1024**2, "G": 1024**3}[limit[-1]]
        assert int(limit[:-1]) * unit >= found.min_memory
    for variable, value in environment.items():
        if variable in found.variable_patterns and "${" not in str(value):
            assert found.variable_patterns[variable].accepts(str(value))


def test_immutable_variables_say_why() -> None:
    assert all(IMMUTABLE_VARIABLES.values())
