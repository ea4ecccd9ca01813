"""What loses its data, or leaves it behind, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from graph.summary.model import Volume
from tests.preview.risk.making import VOLUME, WEB, both, database, service, step, summary

OTHER = Volume(volume="s-app-other", called="app_other", path="/data")
OLD = "postgres:16.4"
NEW = "postgres:16.5"


def test_what_moves_to_another_host_leaves_its_data_there() -> None:
    before, after = summary(database()), summary(database(host="two"))
    assert both(before, after) == [
        "data: app/db starts without data on two; volume app_data stays on one",
        "identity: app/db runs on two, and ran on one",
    ]
    assert both(summary(WEB), summary(service("app/web", host="two"))) == [
        "identity: app/web runs on two, and ran on one"
    ]


@pytest.mark.parametrize(
    ("op", "was", "fact"),
    [
        ("delete", {}, "is deleted, with what it holds"),
        (
            "delete",
            {"retain_on_delete": True},
            "is no longer managed; its data stays on one, and nothing uses it",
        ),
        (
            "delete",
            {"protect": True},
            "is deleted, with what it holds; it is protected, so the engine refuses as long as it "
            "is",
        ),
        ("replace", {}, "is made anew; what it holds is lost"),
        (
            "replace",
            {"retain_on_delete": True},
            "is made anew; as it is retained, Docker finds the old one, with its old settings",
        ),
        ("update", {}, None),
        ("create", {}, None),
    ],
)
def test_volumes(op: str, was: dict[str, Any], fact: str | None) -> None:
    before = summary(database())
    change = step(op, VOLUME, "s-app-data", {"name": "app_data", "driver": "a"}, was=was)
    found = [line for line in both(before, before, change) if line.startswith("data")]
    assert found == ([] if fact is None else [f"data: volume app_data {fact}"])


@pytest.mark.parametrize(
    ("volumes", "fact"),
    [
        (
            (OTHER,),
            "starts with an empty volume app_other in place of volume app_data; its data stays on "
            "one, and nothing uses it",
        ),
        (
            (Volume(volume="s-app-data", called="app_data", path="/data", writes=False),),
            "can only read volume app_data: what it saves there fails",
        ),
        (
            (Volume(volume="s-app-data", called="app_data", path="/new"),),
            "finds volume app_data at /new, and no longer at /data",
        ),
        (
            (),
            "no longer has volume app_data at /data; its data stays on one, and nothing uses it",
        ),
    ],
)
def test_a_service_and_its_volume_are_told_once(volumes: tuple[Volume, ...], fact: str) -> None:
    before, after = summary(database()), summary(database(volumes=volumes))
    kept = {s.volume for s in volumes}
    gone = step("delete", VOLUME, "s-app-data", {"name": "x"}, was={"retain_on_delete": True})
    steps = () if "s-app-data" in kept else (gone,)
    assert both(before, after, *steps) == [f"data: app/db {fact}"]


def test_a_volume_that_others_have_is_not_empty() -> None:
    other = service("app/other", volumes=(OTHER,))
    before, after = summary(database(), other), summary(database(volumes=(OTHER,)), other)
    assert both(before, after) == [
        "data: app/db starts with volume app_other in place of volume app_data; what it has "
        "written stays there"
    ]


def test_a_database_that_nobody_declares_stays_and_is_forgotten() -> None:
    before, after = summary(database(databases=("shop",))), summary(database())
    assert both(before, after) == [
        "data: database shop is no longer declared; it stays in app/db, and nothing uses or saves "
        "it"
    ]
    assert both(after, before) == []


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        (OLD, NEW, None),
        (NEW, OLD, None),
        (OLD, "postgres:17.0", "another major version"),
        ("postgres:17.0", OLD, "an older version"),
        (OLD, "docker.io/library/postgres:16.5", None),
        (OLD, "mysql:8.4.0", "another image"),
        (OLD, "postgres:latest", "cannot be told"),
        (OLD, "postgres:16.4-alpine", "sorts text otherwise"),
        ("pgvector/pgvector:0.8.0-pg16", "pgvector/pgvector:0.8.1-pg16", None),
        ("pgvector/pgvector:0.8.0-pg16", "pgvector/pgvector:0.8.0-pg17", "another major version"),
        ("mysql:8.4.1", "mysql:8.4.0", "an older version"),
        ("example.com/app:2.0.0", "example.com/app:3.0.0", None),
        ("example.com/app:3.0.0", "example.com/app:2.0.0", "an older version"),
        ("example.com/app:2.0.0", "example.com/other:2.0.0", None),
    ],
)
def test_images_of_what_keeps_data(old: str, new: str, word: str | None) -> None:
    found = both(summary(database(image=old)), summary(database(image=new)))
    assert len(found) == (word is not None)
    assert word is None or word in found[0]
    # Nothing is at stake in what keeps nothing, or nothing that matters.
    kept = Volume(volume="v", path="/data", disposable="a cache")
    for volumes in ((), (kept,)):
        were, are = (summary(database(image=each, volumes=volumes)) for each in (old, new))
        assert both(were, are) == []
