"""What keeps a system alive: databases, buckets, backups, monitors; and waivers of findings."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from config.base import Model
from config.host import HostPath, Schedule
from config.units import ByteSize, Duration, Label, Whole


class Database(Model):
    """A database of a server: a name of it, or one of Redis's numbers.

    ``used_by`` are the services and processes that may; ``data`` labels what it holds.
    """

    server: str = Field(description="The service that serves it, as APP/SERVICE.")
    name: str | None = Field(default=None, description="Its name there; its key else.")
    index: Annotated[Whole, Field(ge=0)] | None = Field(
        default=None, description="Its number, on a Redis server."
    )
    used_by: tuple[str, ...] = ()
    data: Label | None = None


class Bucket(Model):
    """Object storage at a provider. ``deletes``: the keys that write to it may also delete."""

    provider: str
    region: str
    purpose: str
    deletes: bool = False
    lock: Duration | None = Field(
        default=None, description="How long an object cannot be changed or deleted by anybody."
    )


class Keep(Model):
    """How many backups are kept of each age; at least one number."""

    last: Annotated[Whole, Field(ge=1)] | None = None
    daily: Annotated[Whole, Field(ge=1)] | None = None
    weekly: Annotated[Whole, Field(ge=1)] | None = None
    monthly: Annotated[Whole, Field(ge=1)] | None = None
    yearly: Annotated[Whole, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _something(self) -> Keep:
        if not self.model_fields_set:
            msg = "keep says nothing; give last, daily, weekly, monthly or yearly"
            raise ValueError(msg)
        return self

    def __str__(self) -> str:
        names = ("last", "daily", "weekly", "monthly", "yearly")
        kept = [(name, getattr(self, name)) for name in names]
        return ", ".join(f"{number} {name}" for name, number in kept if number is not None)


Method = Literal["postgres", "mysql", "redis", "qdrant", "n8n", "sqlite", "clickhouse", "copy"]
"""How something is saved: a dump by the server's own client, or a copy of files."""


class Capture(Model):
    """What a backup saves: a service or process, or a volume (``APP/VOLUME``), and how.

    ``databases`` are keys of the system's databases; without it, all of the server's are saved.
    ``client`` is the image whose client dumps; without it, the server's own.
    """

    of: str
    method: Method
    databases: tuple[Label, ...] | None = None
    client: str | None = None


class Copy(Model):
    """How a backup leaves its host: who takes it, when, where to, and how long it is kept there."""

    by: str = Field(description="The service or process that copies.")
    to: str = Field(description="A bucket, or a host.")
    schedule: Schedule | None = Field(default=None, description="Its own; else right after.")
    encrypted: bool = True
    keep: Keep | None = None


class Drill(Model):
    """When a backup is restored somewhere, to prove that it can be."""

    schedule: Schedule
    on: Label = Field(description="The host where it is restored.")


def _captured(captures: tuple[Capture, ...]) -> tuple[Capture, ...]:
    if not captures:
        msg = "it captures nothing; name what it saves, or remove the backup"
        raise ValueError(msg)
    return captures


class Backup(Model):
    """What is saved, when, where to, how long, and how it is proven."""

    host: Label
    schedule: Schedule
    directory: HostPath
    captures: Annotated[
        tuple[Capture, ...], AfterValidator(_captured), Field(json_schema_extra={"minItems": 1})
    ]
    keep: Keep | None = Field(default=None, description="In the directory.")
    copies: tuple[Copy, ...] = ()
    heartbeat: str | None = Field(
        default=None, description="Who hears of each success, and misses one that fails."
    )
    min_size: ByteSize = 1
    drill: Drill | None = None
    purpose: str | None = None


def _monitored(text: str) -> str:
    if not re.fullmatch(r"[a-z]+://\S+|[^\s/:]+/[^\s/:]+:[0-9]{1,5}|[a-z0-9-]+", text):
        msg = f"{text!r} is not a target; write a URL, APP/SERVICE:PORT or the name of a backup"
        raise ValueError(msg)
    return text


class Monitor(Model):
    """Something that asks from time to time whether something else answers.

    ``target`` is a URL, or ``APP/SERVICE:PORT``, or a backup. ``expect`` are HTTP answers that
    are right.
    """

    prober: str = Field(description="The service or external that asks.")
    target: Annotated[str, AfterValidator(_monitored)]
    every: Duration
    expect: tuple[Annotated[Whole, Field(ge=100, le=599)], ...] = (200,)
    notify: tuple[Label, ...] = Field(default=(), description="Externals that carry the news.")


def _day(value: object) -> object:
    try:
        return datetime.date.fromisoformat(str(value))
    except ValueError:
        msg = f"{str(value)!r} is not a day; write one like 2027-03-31"
        raise ValueError(msg) from None


_DAY: dict[str, Any] = {"type": "string", "format": "date"}
Day = Annotated[datetime.date, BeforeValidator(_day), WithJsonSchema(_DAY)]


class Waiver(Model):
    """Accepts one finding: of a rule, at a path (as findings print it), until a day.

    ``file`` tells which file where several have the path. From the day after ``until`` on, the
    finding counts again.
    """

    rule: str
    path: str
    file: str | None = None
    reason: Annotated[str, Field(min_length=10)]
    until: Day
