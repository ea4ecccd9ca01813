"""Facts of applications."""

from __future__ import annotations

from graph.catalogue.facts import GIB, MIB, ImageFacts, VariablePattern
from graph.catalogue.tag import NO_CLIENTS, NO_TOOLS, Tag, either

_HEX_KEY = VariablePattern(
    expression=r"^[0-9a-fA-F]{64}$",
    remedy="use 32 bytes in hexadecimal: openssl rand -hex 32",
)


N8N = ImageFacts(
    source=(
        "rules.md R10 R12 R16 S15; vpai.md 5; "
        "https://docs.n8n.io/hosting/configuration/environment-variables/; "
        "https://docs.n8n.io/hosting/logging-monitoring/monitoring/"
    ),
    kind="app",
    data_paths=("/home/node/.n8n",),
    missing_tools=("curl",),
    ready_path="/healthz/readiness",
    supports_subpath=False,
    websocket=True,
    uploads=True,
    proxy_variables=("N8N_PROXY_HOPS",),
    immutable_variables=("N8N_ENCRYPTION_KEY",),
    uid=1000,
    login=True,
)


def litellm(tag: Tag) -> ImageFacts:
    """LiteLLM: a gateway to language models."""
    return ImageFacts(
        source=(
            "rules.md H01 H05 F03 F08 R10; vpai.md 5; "
            "https://github.com/BerriAI/litellm/issues/17645; "
            "https://docs.litellm.ai/docs/proxy/health"
        ),
        kind="app",
        # wget went with the change of the base image in 1.80
        missing_tools=NO_CLIENTS if tag.since(1, 80) else ("curl",),
        ready_path="/health/readiness",
        needs_auth_paths=("/health", "/v1/models", "/models"),
        supports_subpath=False,
        immutable_variables=("LITELLM_SALT_KEY",),
        min_memory=GIB,
        breaks_read_only=True,
        login=True,
    )


OPENCLAW = ImageFacts(
    source="rules.md H01 F03 F08 R11; vpai.md 5; https://github.com/openclaw/openclaw",
    kind="app",
    data_paths=("/home/node/.openclaw",),
    missing_tools=("wget",),
    ready_path="/healthz",
    websocket=True,
    min_memory=1536 * MIB,
    breaks_read_only=True,
    uid=1000,
)

LIVEKIT = ImageFacts(
    source=(
        "https://docs.livekit.io/home/self-hosting/deployment/; "
        "https://github.com/livekit/livekit/blob/master/Dockerfile"
    ),
    kind="app",
    missing_tools=("curl",),
    ready_path="/",
    websocket=True,
    variable_patterns={
        "LIVEKIT_KEYS": VariablePattern(
            expression=r"^\s*[^:\s]+:\s+\S",
            remedy='write "key: secret", with a space after the colon',
        )
    },
)

LIVEKIT_SIP = ImageFacts(
    source="https://github.com/livekit/sip/blob/main/build/sip/Dockerfile",
    kind="app",
    missing_tools=NO_CLIENTS,
)

_LANGFUSE_SOURCE = "https://langfuse.com/self-hosting/configuration; rules.md S15 B18"
_LANGFUSE_STORES = (
    ("DATABASE_URL", "DATABASE_HOST"),
    ("CLICKHOUSE_URL",),
    ("CLICKHOUSE_USER",),
    ("CLICKHOUSE_PASSWORD",),
    ("REDIS_HOST", "REDIS_CONNECTION_STRING", "REDIS_CLUSTER_NODES", "REDIS_SENTINEL_NODES"),
    ("LANGFUSE_S3_EVENT_UPLOAD_BUCKET",),
)
_LANGFUSE_SECRETS = ("SALT", "ENCRYPTION_KEY")


def langfuse(tag: Tag) -> ImageFacts:
    """Langfuse's web part; since 3 it wants ClickHouse, Redis and a bucket too."""
    required: tuple[tuple[str, ...], ...] = (("NEXTAUTH_URL",), ("NEXTAUTH_SECRET",), ("SALT",))
    stores = (*_LANGFUSE_STORES, ("CLICKHOUSE_MIGRATION_URL",))
    return ImageFacts(
        source=_LANGFUSE_SOURCE,
        kind="app",
        ready_path="/api/public/health",
        # the base path is compiled in: the published image has none
        supports_subpath=False,
        required_variables=(*required, *(stores if tag.since(3) else stores[:1])),
        immutable_variables=_LANGFUSE_SECRETS,
        variable_patterns={"ENCRYPTION_KEY": _HEX_KEY},
        login=True,
    )


LANGFUSE_WORKER = ImageFacts(
    source=_LANGFUSE_SOURCE,
    kind="app",
    ready_path="/api/health",
    required_variables=_LANGFUSE_STORES,
    immutable_variables=_LANGFUSE_SECRETS,
    variable_patterns={"ENCRYPTION_KEY": _HEX_KEY},
)

METABASE = ImageFacts(
    source=(
        "https://www.metabase.com/docs/latest/installation-and-operation/"
        "running-metabase-on-docker; "
        "https://github.com/metabase/metabase/blob/master/bin/docker/run_metabase.sh"
    ),
    kind="app",
    ready_path="/api/health",
    immutable_variables=("MB_ENCRYPTION_SECRET_KEY",),
    # its entrypoint makes a user, hands it the data and becomes it
    needed_capabilities=("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"),
    login=True,
)

NOCODB = ImageFacts(
    source="rules.md F03 R12; https://nocodb.com/docs/self-hosting/environment-variables",
    kind="app",
    data_paths=("/usr/app/data",),
    ready_path="/api/v1/health",
    websocket=True,
    uploads=True,
    immutable_variables=("NC_CONNECTION_ENCRYPT_KEY",),
    min_memory=512 * MIB,
    login=True,
)


def mattermost(tag: Tag) -> ImageFacts:
    """Mattermost, whose image is distroless since 10.12."""
    distroless = tag.since(10, 12)
    return ImageFacts(
        source=(
            "https://github.com/mattermost/mattermost/issues/33839; "
            "https://github.com/mattermost/mattermost/issues/33799 (linux/amd64 only); "
            "https://github.com/mattermost/mattermost/blob/master/server/build/Dockerfile"
        ),
        kind="app",
        data_paths=("/mattermost/data", "/mattermost/config"),
        missing_tools=NO_TOOLS if distroless else ("wget",),
        ready_path="/api/v4/system/ping",
        supports_subpath=True,
        websocket=True,
        uploads=True,
        immutable_variables=("MM_SQLSETTINGS_ATRESTENCRYPTKEY",),
        platforms=("linux/amd64",),
        uid=2000,
        login=True,
    )


OUTLINE = ImageFacts(
    source=(
        "https://docs.getoutline.com/s/hosting/; "
        "https://github.com/outline/outline/blob/main/Dockerfile; "
        "https://github.com/outline/outline/issues/9161"
    ),
    kind="app",
    data_paths=("/var/lib/outline/data",),
    missing_tools=("curl",),
    ready_path="/_health",
    supports_subpath=False,
    websocket=True,
    uploads=True,
    required_variables=(
        either("SECRET_KEY"),
        either("UTILS_SECRET"),
        either("DATABASE_URL", "DATABASE_HOST"),
        either("REDIS_URL"),
        either("URL"),
    ),
    immutable_variables=("SECRET_KEY",),
    variable_patterns={"SECRET_KEY": _HEX_KEY},
    uid=1001,
)

VIKUNJA = ImageFacts(
    source="https://vikunja.io/docs/full-docker-example/; https://github.com/go-vikunja/vikunja",
    kind="app",
    data_paths=("/app/vikunja/files",),
    missing_tools=NO_TOOLS,
    uploads=True,
    uid=1000,
    login=True,
)


def headscale(tag: Tag) -> ImageFacts:
    """Headscale: distroless, but for its debug variant."""
    return ImageFacts(
        source=(
            "https://headscale.net/stable/setup/install/container/; "
            "https://github.com/juanfont/headscale/blob/main/.goreleaser.yml"
        ),
        kind="app",
        data_paths=("/var/lib/headscale",),
        missing_tools=() if tag.name.endswith("-debug") else NO_TOOLS,
        ready_path="/health",
        read_only_paths=("/var/lib/headscale", "/var/run/headscale"),
    )


ZEROBYTE = ImageFacts(
    source=(
        "https://github.com/nicotsx/zerobyte/blob/main/Dockerfile; "
        "https://www.mintlify.com/nicotsx/zerobyte/configuration/environment-variables"
    ),
    kind="tool",
    data_paths=("/var/lib/zerobyte",),
    missing_tools=("curl",),
    required_variables=(either("APP_SECRET"), ("BASE_URL",)),
    immutable_variables=("APP_SECRET",),
    login=True,
)

VAULTWARDEN = ImageFacts(
    source="https://github.com/dani-garcia/vaultwarden/wiki",
    kind="app",
    data_paths=("/data",),
    ready_path="/alive",
    supports_subpath=True,
    websocket=True,
    uploads=True,
    login=True,
)


def gitea(tag: Tag) -> ImageFacts:
    """Gitea, whose rootless variant keeps its data elsewhere."""
    return ImageFacts(
        source="https://docs.gitea.com/installation/install-with-docker",
        kind="app",
        data_paths=("/var/lib/gitea",) if "rootless" in tag.name else ("/data",),
        ready_path="/api/healthz",
        supports_subpath=True,
        uploads=True,
        immutable_variables=("GITEA__security__SECRET_KEY",),
        uid=1000,
        login=True,
    )


NEXTCLOUD = ImageFacts(
    source="https://github.com/nextcloud/docker#using-the-image-behind-a-reverse-proxy-and-specifying-the-server-host-and-protocol",
    kind="app",
    data_paths=("/var/www/html",),
    uploads=True,
    proxy_variables=("TRUSTED_PROXIES", "OVERWRITEPROTOCOL", "OVERWRITECLIURL", "OVERWRITEHOST"),
    login=True,
)

KEYCLOAK = ImageFacts(
    source="https://www.keycloak.org/server/reverseproxy; https://www.keycloak.org/server/containers",
    kind="app",
    missing_tools=NO_CLIENTS,
    proxy_variables=("KC_PROXY_HEADERS", "KC_PROXY"),
    init_only_variables=("KC_BOOTSTRAP_ADMIN_USERNAME", "KC_BOOTSTRAP_ADMIN_PASSWORD"),
    uid=1000,
    login=True,
)

HOME_ASSISTANT = ImageFacts(
    source="https://www.home-assistant.io/installation/linux#docker-compose",
    kind="app",
    data_paths=("/config",),
    supports_subpath=False,
    websocket=True,
    login=True,
)

TOMCAT = ImageFacts(source="https://hub.docker.com/_/tomcat", kind="app")
