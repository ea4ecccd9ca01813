"""The index of the catalogue: entries by repository, and what holds whichever image it is.

Each entry says where its facts come from: ``rules.md`` is the incident catalogue, ``vpai.md``
the facts of a running system, the rest are addresses of documentation and of Dockerfiles. What
could not be verified is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graph.catalogue import apps, operations, stores
from graph.catalogue.facts import VariablePattern
from graph.catalogue.tag import Entry

IMAGES: Final[Mapping[str, Entry]] = {
    "amir20/dozzle": operations.DOZZLE,
    "browserless/chrome": operations.BROWSERLESS,
    "caddy": operations.CADDY,
    "clickhouse/clickhouse-server": stores.CLICKHOUSE,
    "couchdb": stores.COUCHDB,
    "crazymax/diun": operations.DIUN,
    "elasticsearch": stores.ELASTICSEARCH,
    "gcr.io/cadvisor/cadvisor": operations.CADVISOR,
    "ghcr.io/berriai/litellm": apps.litellm,
    "ghcr.io/home-assistant/home-assistant": apps.HOME_ASSISTANT,
    "ghcr.io/nicotsx/zerobyte": apps.ZEROBYTE,
    "ghcr.io/openclaw/openclaw": apps.OPENCLAW,
    "gitea/gitea": apps.gitea,
    "gotenberg/gotenberg": operations.GOTENBERG,
    "grafana/alloy": operations.ALLOY,
    "grafana/grafana": operations.GRAFANA,
    "grafana/loki": operations.loki,
    "haproxy": operations.haproxy,
    "headscale/headscale": apps.headscale,
    "langfuse/langfuse": apps.langfuse,
    "langfuse/langfuse-worker": apps.LANGFUSE_WORKER,
    "livekit/livekit-server": apps.LIVEKIT,
    "livekit/sip": apps.LIVEKIT_SIP,
    "louislam/uptime-kuma": operations.uptime_kuma,
    "mariadb": stores.MARIADB,
    "mattermost/mattermost-team-edition": apps.mattermost,
    "memcached": stores.MEMCACHED,
    "metabase/metabase": apps.METABASE,
    "minio/minio": stores.MINIO,
    "mongo": stores.MONGO,
    "mysql": stores.MYSQL,
    "n8nio/n8n": apps.N8N,
    "nextcloud": apps.NEXTCLOUD,
    "nginx": operations.nginx,
    "nocodb/nocodb": apps.NOCODB,
    "outlinewiki/outline": apps.OUTLINE,
    "pgvector/pgvector": stores.postgres_extension,
    "portainer/portainer-ce": operations.PORTAINER,
    "postgis/postgis": stores.postgres,
    "postgres": stores.postgres,
    "prom/prometheus": operations.PROMETHEUS,
    "qdrant/qdrant": stores.QDRANT,
    "quay.io/keycloak/keycloak": apps.KEYCLOAK,
    "rabbitmq": stores.RABBITMQ,
    "redis": stores.redis,
    "selenium/standalone-chrome": operations.SELENIUM,
    "tecnativa/docker-socket-proxy": operations.SOCKET_PROXY,
    "timescale/timescaledb": stores.postgres_extension,
    "tomcat": apps.TOMCAT,
    "traefik": operations.TRAEFIK,
    "valkey/valkey": stores.valkey,
    "vaultwarden/server": apps.VAULTWARDEN,
    "victoriametrics/victoria-metrics": operations.victoria_metrics,
    "vikunja/vikunja": apps.VIKUNJA,
}
"""Facts by repository, as :func:`graph.catalogue.parse_reference` gives it."""

ALIASES: Final[Mapping[str, str]] = {
    "apache/couchdb": "couchdb",
    "clickhouse": "clickhouse/clickhouse-server",
    "docker.elastic.co/elasticsearch/elasticsearch": "elasticsearch",
    "docker.gitea.com/gitea": "gitea/gitea",
    "docker.litellm.ai/berriai/litellm": "ghcr.io/berriai/litellm",
    "ghcr.io/berriai/litellm-database": "ghcr.io/berriai/litellm",
    "ghcr.io/browserless/chrome": "browserless/chrome",
    "ghcr.io/browserless/chromium": "browserless/chrome",
    "ghcr.io/crazy-max/diun": "crazymax/diun",
    "ghcr.io/dani-garcia/vaultwarden": "vaultwarden/server",
    "ghcr.io/google/cadvisor": "gcr.io/cadvisor/cadvisor",
    "ghcr.io/juanfont/headscale": "headscale/headscale",
    "ghcr.io/langfuse/langfuse": "langfuse/langfuse",
    "ghcr.io/langfuse/langfuse-worker": "langfuse/langfuse-worker",
    "ghcr.io/louislam/uptime-kuma": "louislam/uptime-kuma",
    "ghcr.io/tecnativa/docker-socket-proxy": "tecnativa/docker-socket-proxy",
    "ghcr.io/valkey-io/valkey": "valkey/valkey",
    "google/cadvisor": "gcr.io/cadvisor/cadvisor",
    "grafana/grafana-enterprise": "grafana/grafana",
    "grafana/grafana-oss": "grafana/grafana",
    "homeassistant/home-assistant": "ghcr.io/home-assistant/home-assistant",
    "mattermost/mattermost-enterprise-edition": "mattermost/mattermost-team-edition",
    "metabase/metabase-enterprise": "metabase/metabase",
    "portainer/portainer-ee": "portainer/portainer-ce",
    "quay.io/minio/minio": "minio/minio",
    "quay.io/prometheus/prometheus": "prom/prometheus",
    "quay.io/victoriametrics/victoria-metrics": "victoriametrics/victoria-metrics",
    "selenium/node-chrome": "selenium/standalone-chrome",
    "selenium/node-chromium": "selenium/standalone-chrome",
    "selenium/node-edge": "selenium/standalone-chrome",
    "selenium/node-firefox": "selenium/standalone-chrome",
    "selenium/standalone-chromium": "selenium/standalone-chrome",
    "selenium/standalone-edge": "selenium/standalone-chrome",
    "selenium/standalone-firefox": "selenium/standalone-chrome",
}
"""Other repositories of the same images."""

_LIVEKIT_ADDRESS = VariablePattern(
    expression=r"^(?:wss?|https?)://(?!localhost(?:[:/]|$)|127\.)",
    remedy="use LiveKit's service name: localhost is the container that asks",
)
_SIP_TRUNK = VariablePattern(
    expression=r"^ST_",
    remedy="use the id that LiveKit gave the trunk (lk sip outbound list), not the provider's TK_…",
)

VARIABLE_PATTERNS: Final[Mapping[str, VariablePattern]] = {
    "LIVEKIT_URL": _LIVEKIT_ADDRESS,  # rules.md A10
    "LIVEKIT_WS_URL": _LIVEKIT_ADDRESS,
    "N8N_RESTRICT_FILE_ACCESS_TO": VariablePattern(  # rules.md S08
        expression=r"^[^:]*$", remedy='separate the paths with ";"'
    ),
    "SIP_OUTBOUND_TRUNK_ID": _SIP_TRUNK,
    "SIP_TRUNK_ID": _SIP_TRUNK,  # rules.md A10
}
"""Forms of values that hold whichever image reads them: people's own images do too."""

IMMUTABLE_VARIABLES: Final[Mapping[str, str]] = {
    "APP_KEY": "Laravel encrypts with it",
    "LITELLM_SALT_KEY": "LiteLLM encrypts its stored keys with it",
    "N8N_ENCRYPTION_KEY": "n8n encrypts its stored credentials with it",
}
"""Variables that may never change whichever image reads them, and why (rules.md S15)."""
