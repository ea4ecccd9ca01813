"""The pytest plugin: one fixture, `stackgraph`. Only pytest imports this module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from stackgraph_testing.runner import Stackgraph

_PROJECT: Final = "stackgraph_project"
_OF_THE_SDKS: Final = (
    # They warn of their own resources whenever they are imported; nobody else can mend that.
    "ignore:This resource is deprecated:DeprecationWarning:pulumi_command.remote.copy_file",
    "ignore:.* has been deprecated:DeprecationWarning:pulumi_(aws|cloudflare|oci)\\.",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one setting."""
    parser.addini(
        _PROJECT,
        "the folder of Pulumi.yaml and systems/, from the folder of pytest's own settings; "
        "without it, the nearest one with a Pulumi.yaml at or above that",
        default="",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let no warning of the SDKs be an error, in projects whose warnings are."""
    for each in _OF_THE_SDKS:
        config.addinivalue_line("filterwarnings", each)


@pytest.fixture(scope="session")
def stackgraph(pytestconfig: pytest.Config) -> Stackgraph:
    """Runs systems and Pulumi programs with no engine, and tells what they declare."""
    # Here, so that a run of pytest without this fixture doesn't pay for it.
    from stackgraph_testing.runner import Stackgraph

    given = str(pytestconfig.getini(_PROJECT))
    return Stackgraph(pytestconfig.rootpath / given, nearest=not given)
