"""Secrets that change, go, are shown or are given to others; never what they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.preview.risk.making import (
    COMMAND,
    CONTAINER,
    both,
    replaced,
    said,
    service,
    step,
    summary,
    urn_of,
)

SECRET = "[secret]"


def test_secrets_that_go_and_that_others_get() -> None:
    one, other = service("app/web", secrets=("KEY",)), service("app/job")
    before = summary(one, other, secrets=("KEY",))
    after = summary(one, service("app/job", secrets=("KEY",)), secrets=("KEY",))
    assert both(before, after) == ["secrets: secret KEY is given to app/job, which did not have it"]
    assert both(after, before) == []
    assert both(before, summary(service("app/web"), other)) == [
        "secrets: secret KEY is no longer declared; it is good where it was issued until it is "
        "revoked there"
    ]
    many = summary(one, other, secrets=tuple("ABCDEFGH"))
    assert both(many, summary(service("app/web"), other)) == [
        "secrets: secrets A, B, C, D, E and 3 more are no longer declared; each is good where it "
        "was issued until it is revoked there"
    ]
    new = summary(one, service("app/job", secrets=("NEW",)), secrets=("KEY", "NEW"))
    assert both(before, new) == []


def test_a_secret_value_is_another_one() -> None:
    web = summary(service("app/web", secrets=("KEY",), parts={"environment": "a"}))
    value = step("replace", CONTAINER, "s-app-web", {"envs": SECRET}, told=("envs",))
    assert both(web, web, value) == ["secrets: app/web gets another secret value (environment)"]
    # What the files say explains it: a preview shows nothing of the rest.
    other = summary(service("app/web", secrets=("KEY",), parts={"environment": "b"}))
    assert both(web, other, value) == []


def test_a_secret_text_that_only_follows_is_none() -> None:
    of_web = {"stdin": (urn_of(CONTAINER, "s-app-web"),)}
    script = {"stdin": SECRET, "create": 'eval "$(cat)" # users of editors'}
    users = step("update", COMMAND, "users", script, told=("stdin",), needs=of_web)
    web = summary(service("app/web"))
    assert both(web, web, users) == ["secrets: users of editors get another secret value"]
    assert both(web, web, users, replaced("s-app-web")) == []


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ({"password": SECRET}, {"password": "x"}, True),
        ({"password": "x"}, {"password": SECRET}, False),
        ({"password": SECRET}, {}, False),
        ({"envs": [SECRET, SECRET]}, {"envs": ["A=b", SECRET]}, True),
        ({"envs": ["A=b", SECRET]}, {"envs": ["A=b", "B=c", SECRET]}, False),
        ({"envs": SECRET}, {"envs": []}, False),
        ({"envs": SECRET}, {"envs": ["A=b"]}, True),
    ],
)
def test_what_was_secret_is_shown(old: Any, new: Any, shown: bool) -> None:
    found = said(step("update", "x:y:Z", "x", old, new, ours=False))
    assert bool(found) is shown
    assert "A=b" not in "".join(found)
