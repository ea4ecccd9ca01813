"""The stand-in of both forges, and the environments that their runners give."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ci.api import REPOSITORY, TOKEN, Api, served


@pytest.fixture
def api() -> Iterator[Api]:
    with served() as found:
        yield found


@pytest.fixture
def github(api: Api) -> dict[str, str]:
    return {
        "GITHUB_API_URL": f"{api.address}/gh",
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_TOKEN": TOKEN,
        "PULL_REQUEST": "7",
    }


@pytest.fixture
def gitlab(api: Api) -> dict[str, str]:
    return {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"{api.address}/gl",
        "CI_PROJECT_ID": REPOSITORY,
        "GITLAB_TOKEN": TOKEN,
        "CI_MERGE_REQUEST_IID": "7",
    }
