"""Rules on start order and health."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import WEB, Row, service

WAITS = "depends_on: {db: {condition: service_healthy}}"

ROWS = [
    Row(
        rule="G01",
        why="a ring of two, and another",
        breaks=service(
            "depends_on: [db]",
            tail="""\
  db: {image: a, depends_on: [front]}
  one: {image: a, depends_on: [two]}
  two: {image: a, depends_on: [three]}
  three: {image: a, depends_on: [one, db]}
""",
        ),
        says=f"""\
{WEB}:6: services.db: dependency cycle: db -> front -> db; remove one of these depends_on entries
{WEB}:7: services.one: dependency cycle: one -> two -> three -> one; remove one of these \
depends_on entries
""",
        near=service(
            "depends_on: [db, cache]",
            tail="  db: {image: a, depends_on: [cache]}\n  cache: {image: a}\n",
        ),
    ),
    Row(
        rule="G01",
        why="a ring through a service that need not be there",
        breaks=service(
            "depends_on: {db: {condition: service_started, required: false}}",
            tail="  db: {image: a, depends_on: [front]}\n",
        ),
        says=f"{WEB}:6: services.db: dependency cycle: db -> front -> db; "
        "remove one of these depends_on entries\n",
        near=service(
            "depends_on: {db: {condition: service_started, required: false}}",
            tail="  db: {image: a, depends_on: [front], profiles: [debug]}\n",
        ),
    ),
    Row(
        rule="G02",
        why="no health check",
        breaks=service(WAITS, tail="  db: {image: a}\n"),
        says=f"{WEB}:2: services.front: front waits for db to be healthy, which has no "
        "health check and would never be; give db a healthcheck, or wait for service_started\n",
        near=service(WAITS, tail='  db: {image: a, healthcheck: {test: "true"}}\n'),
    ),
    Row(
        rule="G02",
        why="a health check that is off",
        breaks=service(WAITS, tail="  db: {image: a, healthcheck: {test: [NONE]}}\n"),
        says=f"{WEB}:2: services.front: front waits for db to be healthy, which has no "
        "health check and would never be; give db a healthcheck, or wait for service_started\n",
        near=service("depends_on: [db]", tail="  db: {image: a, healthcheck: {test: [NONE]}}\n"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
