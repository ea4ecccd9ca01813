"""Units, ecosystem files and schedules: as written down, and read by systemd and the shell."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from render.processes import (
    environment_text,
    environments_script,
    process_files,
    processes_script,
    remove_script,
)
from render.processes.schedule import calendar
from render.processes.systemd import command_line
from tests.graph.estate import HOST, estate
from tests.graph.test_systems import prod

GOLDEN = Path(__file__).parent / "golden"
SYSTEM = f"""\
hosts: {{vps: {{kind: vps, {HOST}}}}}
secrets: {{TOKEN: {{purpose: T, dev: dev-only}}}}
processes:
  tool: {{host: vps, manager: systemd, purpose: "A tool: 100%", user: tool, directory: /srv/tool,
    command: ./bin/tool --name 'a b' 50%, listens: [3003], memory: 100MiB, secrets: {{T: TOKEN}}}}
  low: {{host: vps, manager: systemd, purpose: Low, user: tool, directory: /srv/tool,
    command: python3 -m x | tee y, listens: ['0.0.0.0:80', '[::1]:81'], on_boot: false}}
  script: {{host: vps, manager: pm2, purpose: S, user: deploy, directory: /srv/s,
    command: node --enable-source-maps dist/index.js --port 1, listens: [3004]}}
  binary: {{host: vps, manager: pm2, purpose: B, user: deploy, directory: /srv/b,
    command: ./serve now, memory: 1GiB}}
jobs:
  tidy: {{host: vps, schedule: "*/15 2-4 1,15 * 1-5", command: 'date +%F >"$HOME/x"', purpose: T}}
"""


def files(folder: Path) -> dict[str, str]:
    graph = estate(folder, SYSTEM, stack="prod")
    return {file.path: file.text for file in process_files(graph, graph.hosts["host:shop/vps"])}


def test_the_files(tmp_path: Path, update_golden: bool) -> None:
    found = "".join(f"### {path}\n{text}" for path, text in files(tmp_path).items())
    file = GOLDEN / "processes.txt"
    if update_golden:
        file.write_text(found)
    assert found == file.read_text()


def test_systemd_reads_every_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on PATH")
    units = {p: t for p, t in files(tmp_path / "shop").items() if "/systemd/" in p}
    folder = tmp_path / "units"
    folder.mkdir()
    for path, text in units.items():
        # its programs are not here
        text = re.sub(r"^(Exec\w+=)(?:/\S+|python3)", r"\1/bin/true", text, flags=re.MULTILINE)
        (folder / Path(path).name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, folder.iterdir()))],
        capture_output=True,
        text=True,
    )
    ours = [
        line for line in done.stderr.splitlines() if str(folder) in line or "stackgraph" in line
    ]
    assert (ours, done.returncode) == ([], 0)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("55 2 * * *", ("*-*-* 02:55:00",)),
        ("*/20 * * * *", ("*-*-* *:00,20,40:00",)),
        ("0 5-9/2 * 1,7 *", ("*-01,07-* 05,07,09:00:00",)),
        ("0 0 * * 7", ("Sun *-*-* 00:00:00",)),
        ("0 0 * * 5-7", ("Sun,Fri,Sat *-*-* 00:00:00",)),
        ("0 0 13 * 5", ("*-*-13 00:00:00", "Fri *-*-* 00:00:00")),
        ("0 0 */10 * 5", ("Fri *-*-01,11,21,31 00:00:00",)),
        ("7/30 * * * *", ("*-*-* *:07,37:00",)),
    ],
)
def test_schedules(schedule: str, expected: tuple[str, ...]) -> None:
    assert calendar(schedule) == expected
    if shutil.which("systemd-analyze"):
        for each in expected:
            command = ["systemd-analyze", "calendar", each]
            assert subprocess.run(command, capture_output=True).returncode == 0, each


@pytest.mark.parametrize(
    ("command", "written"),
    [
        ("node dist/index.js", "node dist/index.js"),
        ("./run 'a b'", '/srv/x/./run "a b"'.replace("/./", "/")),
        ("/usr/bin/x 5%", '/usr/bin/x "5%%"'),
        ("a | b", '/bin/sh -c "a | b"'),
        ("A=1 x $HOME", '/bin/sh -c "A=1 x $$HOME"'),
    ],
)
def test_commands(command: str, written: str) -> None:
    assert command_line(command, "/srv/x") == written


def test_an_environment() -> None:
    text = environment_text({"B": 'a "b" \\ $c `d`', "A": "x y"})
    assert text == 'A="x y"\nB="a \\"b\\" \\\\ \\$c \\`d\\`"\n'
    shell = subprocess.run(
        ["sh", "-c", f'{text}printf %s "$B"'], capture_output=True, text=True, check=True
    )
    assert shell.stdout == 'a "b" \\ $c `d`'
    with pytest.raises(ValueError, match="A holds a control character"):
        environment_text({"A": "a\nb"})


def test_who_is_reloaded_without_a_gap(tmp_path: Path) -> None:
    ecosystem = json.loads(files(tmp_path)["/etc/stackgraph/pm2/deploy.json"])
    modes = {app["name"]: app["exec_mode"] for app in ecosystem["apps"]}
    assert modes == {"script": "cluster", "binary": "fork"}


def test_scripts_are_sound(tmp_path: Path, project: Path) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("no shellcheck on PATH")
    graph = estate(tmp_path, SYSTEM, stack="prod")
    host = graph.hosts["host:shop/vps"]
    others = prod(project, "vitaravox")
    run = files(tmp_path)["/etc/stackgraph/pm2/run"]
    for script in (
        processes_script(graph, host),
        processes_script(others, others.hosts["host:vitaravox/oci"]),
        remove_script(host),
        environments_script(host, {"a": 'A="$b"\n'}),
        run.replace('. "/etc', '# shellcheck source=/dev/null\n      . "/etc'),
    ):
        done = subprocess.run(
            ["shellcheck", "-s", "sh", "-"], input=script, capture_output=True, text=True
        )
        assert done.stdout == ""
