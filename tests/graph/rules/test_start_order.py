"""Rules on start order and health."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import SYSTEM, WEB, Row, service

WAITS = "depends_on: {db: {condition: service_healthy}}"
DB = '  db: {image: a, healthcheck: {test: "nc -z 127.0.0.1 5432"}}\n'


def calling(flow: str, compose: str, *more: str) -> dict[str, str]:
    """Write a system with flows."""
    flows = "".join(f"  - {each}\n" for each in (flow, *more))
    return {"system.yaml": f"{SYSTEM}flows:\n{flows}", "web.compose.yaml": compose}


def proxy(
    waits: str, two: str = "", *, image: str = "nginx:1.29.3", soft: str = "web/front -> web/two"
) -> dict[str, str]:
    """Write a proxy in front of two services."""
    behind = f"  one: {{image: a}}\n  two:\n    image: a\n    {two}\n"
    compose = service(waits, tail=behind).replace("image: a", f'image: "{image}"', 1)
    return calling("web/front -> web/one", compose, soft)


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
    Row(
        rule="H08",
        why="started before the other is ready",
        breaks=service("depends_on: [db]", tail=DB),
        says=f"{WEB}:2: services.front.depends_on.db: front starts once db has started, before its "
        "health check says that it is ready; wait for service_healthy\n",
        near=service("depends_on: {db: {condition: service_healthy}}", tail=DB),
    ),
    Row(
        rule="H08",
        why="a health check that is off tells nothing",
        breaks=service("depends_on: [db]", tail=DB),
        says=f"{WEB}:2: services.front.depends_on.db: front starts once db has started, before its "
        "health check says that it is ready; wait for service_healthy\n",
        near=service("depends_on: [db]", tail=DB.replace("test:", "disable: true, test:")),
    ),
    Row(
        rule="H08",
        why="what it can do without need not be ready",
        breaks=calling("web/front -> web/db", service("depends_on: [db]", tail=DB)),
        says=f"{WEB}:2: services.front.depends_on.db: front starts once db has started, before its "
        "health check says that it is ready; wait for service_healthy\n",
        near=calling("web/front -> web/db: {soft: true}", service("depends_on: [db]", tail=DB)),
    ),
    Row(
        rule="H09",
        why="a proxy that waits for some of its own",
        breaks=proxy("depends_on: [one]"),
        says=f"{WEB}:2: services.front.depends_on: front waits for 1 of the 2 services that it "
        "calls, not for two; wait for these, too, or mark the flows to them as soft\n",
        near=proxy("depends_on: [one, two]"),
    ),
    Row(
        rule="H09",
        why="a proxy that waits for all by way of another",
        breaks=proxy("depends_on: [two]"),
        says=f"{WEB}:2: services.front.depends_on: front waits for 1 of the 2 services that it "
        "calls, not for one; wait for these, too, or mark the flows to them as soft\n",
        near=proxy("depends_on: [two]", "depends_on: [one]"),
    ),
    Row(
        rule="H09",
        why="a proxy that waits for none",
        breaks=proxy("depends_on: [one]"),
        says=f"{WEB}:2: services.front.depends_on: front waits for 1 of the 2 services that it "
        "calls, not for two; wait for these, too, or mark the flows to them as soft\n",
        near=proxy("depends_on: []"),
    ),
    Row(
        rule="H09",
        why="a proxy that can do without one of them",
        breaks=proxy("depends_on: [one]"),
        says=f"{WEB}:2: services.front.depends_on: front waits for 1 of the 2 services that it "
        "calls, not for two; wait for these, too, or mark the flows to them as soft\n",
        near=proxy("depends_on: [one]", soft="web/front -> web/two: {soft: true}"),
    ),
    Row(
        rule="H09",
        why="not a proxy",
        breaks=proxy("depends_on: [one]"),
        says=f"{WEB}:2: services.front.depends_on: front waits for 1 of the 2 services that it "
        "calls, not for two; wait for these, too, or mark the flows to them as soft\n",
        near=proxy("depends_on: [one]", image="redis:7.4.11"),
    ),
    Row(
        rule="H13",
        why="waits for what it can do without",
        breaks=calling("web/front -> web/db: {soft: true}", service(WAITS, tail=DB)),
        says=f"{WEB}:2: services.front.depends_on.db: front does not start without db, though its "
        "flow there is soft; remove the dependency, or soft if it cannot work without\n",
        near=calling("web/front -> web/db", service(WAITS, tail=DB)),
    ),
    Row(
        rule="H13",
        why="one of two calls is not soft",
        breaks=calling("web/front -> web/db: {soft: true}", service(WAITS, tail=DB)),
        says=f"{WEB}:2: services.front.depends_on.db: front does not start without db, though its "
        "flow there is soft; remove the dependency, or soft if it cannot work without\n",
        near=calling(
            "web/front -> web/db: {soft: true}", service(WAITS, tail=DB), "web/front -> web/db"
        ),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
