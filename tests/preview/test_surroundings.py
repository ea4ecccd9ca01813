"""What a program gets from the stack and says to it: configuration, names, messages."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pytest

from preview.log import Message
from preview.record import record
from preview.value import Secret
from tests.preview.programs import Box, run, urn


def test_configuration_and_names_reach_the_program() -> None:
    seen: dict[str, object] = {}

    def program() -> None:
        config = pulumi.Config()
        seen.update(
            greeting=config.require("greeting"),
            missing=config.get("missing"),
            other=pulumi.Config("docker").get("host"),
            project=pulumi.get_project(),
            stack=pulumi.get_stack(),
            organization=pulumi.get_organization(),
            root=pulumi.get_root_directory(),
            preview=pulumi.runtime.is_dry_run(),
            secret=pulumi.runtime.is_config_secret("small:password"),
            open=pulumi.runtime.is_config_secret("small:greeting"),
        )

    recording = run(program, config={"docker:host": "unix:///x", "small:greeting": "hi"})
    assert recording.config == {"docker:host": "unix:///x", "small:greeting": "hi"}
    assert seen == {
        "greeting": "hi",
        "missing": None,
        "other": "unix:///x",
        "project": "small",
        "stack": "dev",
        "organization": "organization",
        "root": str(Path.cwd()),
        "preview": True,
        "secret": True,
        "open": False,
    }
    run(program, organization="acme")
    assert seen["organization"] == "acme"


def test_secret_configuration_is_kept_secret() -> None:
    recording = run(lambda: None)
    assert recording.config == {
        "small:greeting": "hello",
        "small:password": Secret("hunter2-of-the-test"),
    }
    assert "hunter2" not in repr(recording)


def test_missing_configuration_is_pulumis_own_error() -> None:
    with pytest.raises(pulumi.ConfigMissingError, match="Missing required configuration variable"):
        run(lambda: pulumi.Config().require("nothing"))


def test_messages_are_recorded_and_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    def program() -> None:
        box = Box("box")
        pulumi.debug("for nobody")
        pulumi.info("in passing", ephemeral=True)
        pulumi.info("one")
        pulumi.warn("two", resource=box)
        pulumi.error("three")

    recording = run(program)
    assert set(recording.messages) == {
        Message(severity="info", text="one"),
        Message(severity="warning", text="two", urn=urn("test:index:Box", "box")),
        Message(severity="error", text="three"),
    }
    assert len(recording.messages) == 3
    assert capfd.readouterr() == ("", "")


def test_messages_dont_hold_secret_configuration() -> None:
    def program() -> None:
        for key in ("password", "lines", "short", "word", "other", "part"):
            pulumi.info(f"{key} <{pulumi.Config().require(key)}>")
        pulumi.info('json <"a\\nb">')

    config = {
        "small:password": "hunter2",
        "small:lines": "a\nb",
        "small:short": "ab",
        "small:word": "True",
        "small:other": "FALSE",
        "small:part": "hunter",
    }
    recording = run(program, config=config, secret_keys=[*config, "small:absent"])
    assert [each.text for each in recording.messages] == [
        "password <[secret]>",
        "lines <[secret]>",
        "short <ab>",
        "word <True>",
        "other <FALSE>",
        "part <[secret]>",
        'json <"[secret]">',
    ]


def test_any_pulumi_version_will_do() -> None:
    run(lambda: pulumi.require_pulumi_version(">=99.0.0"))


def test_a_program_needs_no_configuration() -> None:
    def program() -> None:
        pulumi.export("key", pulumi.Config().get("key"))

    recording = record(program, project="p", stack="s")
    assert (recording.project, recording.stack, recording.config) == ("p", "s", {})
    assert recording.outputs == {}


def test_the_root_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    def program() -> None:
        pulumi.export("root", pulumi.get_root_directory())

    assert run(program, root=Path("sub")).outputs == {"root": str(tmp_path / "sub")}
