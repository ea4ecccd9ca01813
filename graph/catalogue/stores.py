"""Facts of what keeps data for others: databases, caches, object stores, queues."""

from __future__ import annotations

from graph.catalogue.facts import ImageFacts
from graph.catalogue.tag import NO_CLIENTS, STEPS_DOWN, Tag, either


def postgres(tag: Tag) -> ImageFacts:
    """PostgreSQL, which moved its data directory in 18."""
    parent, data = "/var/lib/postgresql", "/var/lib/postgresql/data"
    moved = tag.since(18)
    return ImageFacts(
        source="rules.md D05 F07; vpai.md 5; https://hub.docker.com/_/postgres",
        kind="database",
        datastore=True,
        data_paths=(parent if moved else data,),
        # Before 18 the image declares a volume at …/data, which hides what is mounted above it.
        wrong_data_paths=(data if moved else parent,),
        missing_tools=("curl",) if tag.alpine else NO_CLIENTS,
        required_variables=((*either("POSTGRES_PASSWORD"), "POSTGRES_HOST_AUTH_METHOD"),),
        init_only_variables=(
            "POSTGRES_USER",
            "POSTGRES_PASSWORD",
            "POSTGRES_DB",
            "POSTGRES_INITDB_ARGS",
        ),
        needed_capabilities=("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"),
        read_only_paths=("/var/run/postgresql", "/tmp"),  # noqa: S108
    )


def postgres_extension(tag: Tag) -> ImageFacts:
    """An image with an extension, whose tag ends in PostgreSQL's version."""
    return postgres(tag.of_postgres())


_MYSQL_PASSWORDS = (
    *either("MYSQL_ROOT_PASSWORD"),
    "MYSQL_RANDOM_ROOT_PASSWORD",
    "MYSQL_ALLOW_EMPTY_PASSWORD",
)
_MARIADB_PASSWORDS = (
    *either("MARIADB_ROOT_PASSWORD"),
    "MARIADB_ROOT_PASSWORD_HASH",
    "MARIADB_RANDOM_ROOT_PASSWORD",
    "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
)
_MYSQL_FIRST = ("MYSQL_ROOT_PASSWORD", "MYSQL_DATABASE", "MYSQL_USER", "MYSQL_PASSWORD")
_MARIADB_FIRST = tuple(name.replace("MYSQL", "MARIADB") for name in _MYSQL_FIRST)
_READS_ITS_DATA_AS_ROOT = ("CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID")

MYSQL = ImageFacts(
    source="https://hub.docker.com/_/mysql; https://github.com/docker-library/mysql",
    kind="database",
    datastore=True,
    data_paths=("/var/lib/mysql",),
    required_variables=(_MYSQL_PASSWORDS,),
    init_only_variables=_MYSQL_FIRST,
    needed_capabilities=_READS_ITS_DATA_AS_ROOT,
)

# It still reads MySQL's names.
MARIADB = ImageFacts(
    source="https://hub.docker.com/_/mariadb; https://github.com/MariaDB/mariadb-docker",
    kind="database",
    datastore=True,
    data_paths=("/var/lib/mysql",),
    required_variables=((*_MARIADB_PASSWORDS, *_MYSQL_PASSWORDS),),
    init_only_variables=(*_MARIADB_FIRST, *_MYSQL_FIRST),
    needed_capabilities=_READS_ITS_DATA_AS_ROOT,
)


def redis(tag: Tag) -> ImageFacts:
    """Redis, which lost a setting in 8 and got another entrypoint."""
    # Since 8.8 the entrypoint empties the bounding set, which takes a capability of its own.
    capabilities = (*STEPS_DOWN, "SETPCAP") if tag.since(8, 8) else STEPS_DOWN
    return ImageFacts(
        source=(
            "rules.md D06 D14; vpai.md 5; "
            "https://github.com/redis/docker-library-redis/blob/main/alpine/docker-entrypoint.sh"
        ),
        kind="cache",
        datastore=True,
        data_paths=("/data",),
        missing_tools=("curl",) if tag.alpine else NO_CLIENTS,
        removed_settings=("rename-command",) if tag.since(8) else (),
        needed_capabilities=capabilities,
        read_only_paths=("/data",),
    )


def valkey(tag: Tag) -> ImageFacts:
    """Valkey."""
    return ImageFacts(
        source="https://github.com/valkey-io/valkey-container",
        kind="cache",
        datastore=True,
        data_paths=("/data",),
        missing_tools=("curl",) if tag.alpine else NO_CLIENTS,
        needed_capabilities=STEPS_DOWN,
        read_only_paths=("/data",),
    )


QDRANT = ImageFacts(
    source=(
        "rules.md H01 F07 R10; vpai.md 5; "
        "https://qdrant.tech/documentation/guides/monitoring/#kubernetes-health-endpoints"
    ),
    kind="database",
    datastore=True,
    data_paths=("/qdrant/storage",),
    missing_tools=NO_CLIENTS,
    ready_path="/readyz",
    supports_subpath=False,
    # root without these can't use a directory that belongs to somebody else
    needed_capabilities=("DAC_OVERRIDE", "FOWNER"),
)

CLICKHOUSE = ImageFacts(
    source="https://hub.docker.com/r/clickhouse/clickhouse-server",
    kind="database",
    datastore=True,
    data_paths=("/var/lib/clickhouse",),
    missing_tools=("curl",),
    ready_path="/ping",
    needed_capabilities=STEPS_DOWN,
)

MINIO = ImageFacts(
    source="rules.md B18; https://github.com/minio/minio/blob/master/Dockerfile.release",
    kind="database",
    datastore=True,
    data_paths=("/data",),
    missing_tools=("wget",),
    ready_path="/minio/health/ready",
    uploads=True,
    login=True,
)

COUCHDB = ImageFacts(
    source="rules.md D08; https://github.com/apache/couchdb-docker",
    kind="database",
    datastore=True,
    data_paths=("/opt/couchdb/data",),
    ready_path="/_up",
    needed_capabilities=STEPS_DOWN,
    login=True,
)

MONGO = ImageFacts(
    source="https://hub.docker.com/_/mongo",
    kind="database",
    datastore=True,
    data_paths=("/data/db",),
    init_only_variables=("MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD"),
    needed_capabilities=STEPS_DOWN,
)

ELASTICSEARCH = ImageFacts(
    source="https://www.elastic.co/docs/deploy-manage/deploy/self-managed/install-elasticsearch-docker-prod",
    kind="database",
    datastore=True,
    data_paths=("/usr/share/elasticsearch/data",),
    uid=1000,
)

MEMCACHED = ImageFacts(source="https://hub.docker.com/_/memcached", kind="cache", datastore=True)

RABBITMQ = ImageFacts(
    source="https://hub.docker.com/_/rabbitmq",
    kind="database",
    datastore=True,
    data_paths=("/var/lib/rabbitmq",),
    init_only_variables=("RABBITMQ_DEFAULT_USER", "RABBITMQ_DEFAULT_PASS"),
)
