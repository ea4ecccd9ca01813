"""``stackgraph plan --against``: revisions, other checkouts and documents; what cannot be had."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cli.against import change_against
from cli.program import Prepared
from cli.project import Project
from tests.workspace import SHOP, Answer, shop, stackgraph, write

IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.com")
BUMPED = SHOP["systems/shop/web.compose.yaml"].replace("nginx:1.29.3", "nginx:1.29.4")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *IDENTITY, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A shop in a repository of its own, with one commit."""
    folder = shop(tmp_path / "project")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def against(root: Path, *arguments: str) -> Answer:
    return stackgraph(root, "plan", "--against", *arguments)


def changed(answer: Answer) -> dict[str, str]:
    """Give what happens, by name, from a document."""
    assert answer.exit_code == 0, answer.err
    document: Any = json.loads(answer.out)
    return {
        step["urn"].rpartition("$")[2]: step["op"]
        for step in document["steps"]
        if step["op"] != "same"
    }


BUMP = {
    "docker:index/remoteImage:RemoteImage::shop-web-front": "replace",
    "docker:index/container:Container::shop-web-front": "replace",
    "command:local:Command::shop-web-front-handover": "replace",
}


def without_system(ops: dict[str, str]) -> dict[str, str]:
    return {name: op for name, op in ops.items() if "index:System::" not in name}


def test_nothing_has_changed(root: Path) -> None:
    answer = against(root, "HEAD")
    assert answer.exit_code == 0
    assert "to create" not in answer.out
    assert "unchanged" in answer.out
    assert answer.err.splitlines()[-1] == (
        "note: no host was looked at; this is what changes where all is as HEAD has it"
    )


def test_a_revision_is_compared_with_the_files_as_they_are(root: Path) -> None:
    write(root, {"web.compose.yaml": BUMPED})
    before = git(root, "status", "--porcelain")
    assert without_system(changed(against(root, "HEAD", "--json"))) == BUMP
    # Nothing of the user's is touched, and nothing stays behind.
    assert git(root, "status", "--porcelain") == before
    assert len(git(root, "worktree", "list").splitlines()) == 1
    assert not list((root / ".git").glob("worktrees/*"))


def test_the_tree_shows_what_changes_and_what_is_above_it(root: Path) -> None:
    write(root, {"web.compose.yaml": BUMPED})
    answer = against(root, "HEAD")
    names = [line.split()[-3:] for line in answer.out.splitlines()]
    assert any("shop-web-front-handover" in line for line in answer.out.splitlines()), names
    assert "Network" not in answer.out
    assert "+-3 to replace" in answer.out


def test_a_revision_runs_with_its_own_code(root: Path) -> None:
    program = "import pulumi\npulumi.ComponentResource('old:index:Only', '{}')\n"
    write(root, {"Pulumi.yaml": SHOP["Pulumi.yaml"]})
    (root / "__main__.py").write_text(program.format("before"))
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "its own program")
    (root / "__main__.py").write_text(program.format("after"))
    assert changed(against(root, "HEAD", "--json")) == {
        "urn:pulumi:dev::stackgraph::old:index:Only::after": "create",
        "urn:pulumi:dev::stackgraph::old:index:Only::before": "delete",
    }


def test_a_revision_has_modules_of_its_own(root: Path) -> None:
    (root / "__main__.py").write_text("from graph.only_then import run\n\nrun()\n")
    write(
        root,
        {
            "graph/__init__.py": "",
            "graph/only_then.py": (
                "import pulumi\n\ndef run():\n    pulumi.ComponentResource('a:b:C', 'then')\n"
            ),
        },
    )
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "with modules")
    (root / "__main__.py").write_text("")
    assert changed(against(root, "HEAD", "--json")) == {
        "urn:pulumi:dev::stackgraph::a:b:C::then": "delete"
    }


def test_a_project_may_lie_deeper_in_its_repository(tmp_path: Path) -> None:
    root = shop(tmp_path / "repository" / "deploy" / "here")
    top = tmp_path / "repository"
    git(top, "init", "-q", "-b", "main")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "first")
    write(root, {"web.compose.yaml": BUMPED})
    assert without_system(changed(against(root, "main", "--json"))) == BUMP


def test_a_system_that_was_not_there_is_created(root: Path) -> None:
    extra = {
        name.replace("systems/shop", "systems/more"): text
        for name, text in SHOP.items()
        if name.startswith("systems/")
    }
    write(root, extra)
    ops = changed(stackgraph(root, "plan", "more", "--against", "HEAD", "--json"))
    assert set(ops.values()) == {"create"}


def test_another_checkout_is_compared_with(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "-q", str(tmp_path / "other"))
    write(root, {"web.compose.yaml": BUMPED})
    assert without_system(changed(against(root, str(tmp_path / "other"), "--json"))) == BUMP
    assert (tmp_path / "other" / "Pulumi.yaml").is_file()


def test_prod_needs_no_secrets(root: Path) -> None:
    write(root, {"web.compose.yaml": BUMPED})
    answer = against(root, "HEAD", "--json", "--stack", "prod")
    assert set(without_system(changed(answer)).values()) == {"replace"}


def test_what_plan_wrote_is_compared_with(root: Path, tmp_path: Path) -> None:
    document = stackgraph(root, "plan", "--json")
    assert "dev-only" not in document.out
    file = tmp_path / "plan.json"
    file.write_text(document.out)
    assert changed(against(root, str(file), "--json")) == {}
    write(root, {"web.compose.yaml": BUMPED})
    answer = against(root, str(file), "--json")
    assert without_system(changed(answer)) == BUMP
    assert f"note: {file}: it does not tell secrets" in answer.err


def test_a_change_made_twice_is_the_same_document(root: Path) -> None:
    write(root, {"web.compose.yaml": BUMPED})
    assert against(root, "HEAD", "--json").out == against(root, "HEAD", "--json").out


def test_a_plan_can_be_had_in_python(root: Path) -> None:
    write(root, {"web.compose.yaml": BUMPED})
    plan = change_against(Prepared.of(Project(root=root), "dev", ()), (), "HEAD").plan
    assert plan.change_summary["replace"] == 3
    assert sum(plan.change_summary.values()) == len(plan.steps)


def test_an_unknown_revision(root: Path) -> None:
    for name in ("nonesuch", "--all", "HEAD~5"):
        answer = against(root, name)
        assert (answer.exit_code, answer.out) == (2, "")
        assert answer.err.splitlines()[-1] == (
            f"{name}: there is no such revision, and no file of that name; `git fetch` what is "
            "missing, or name a branch, a tag or a commit"
        )


def test_a_shallow_clone_is_told_how_to_get_more(root: Path, tmp_path: Path) -> None:
    git(root, "commit", "-q", "--allow-empty", "-m", "second")
    first = git(root, "rev-parse", "HEAD~1")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", root.as_uri(), str(clone))
    answer = against(clone, first)
    assert answer.exit_code == 2
    assert answer.err.splitlines()[-1] == (
        f"{first}: this shallow clone has no such revision; get it with `git fetch --depth=1 "
        f"origin {first}` and name FETCH_HEAD, or with `git fetch --unshallow`"
    )


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    root = shop(tmp_path / "project")
    answer = against(root, "main")
    assert answer.exit_code == 2
    assert answer.err.splitlines()[-1] == (
        f"main: {root} is in no git repository, and no file or project is named so; name a "
        "directory with another checkout, or a document"
    )


def test_no_git(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = against(root, "main")
    assert answer.exit_code == 2
    assert answer.err.splitlines()[-1] == "main: there is no git command here; install git"


def test_a_file_that_is_no_document(root: Path) -> None:
    answer = against(root, "Pulumi.yaml")
    assert answer.exit_code == 2
    assert answer.err.splitlines()[-1] == (
        "Pulumi.yaml: is no JSON document, or not all of one; give what `pulumi stack export` or "
        "`stackgraph plan --json` wrote"
    )


def test_a_revision_that_does_not_load_says_where(root: Path) -> None:
    write(root, {"system.yaml": SHOP["systems/shop/system.yaml"] + "no_such_key: 1\n"})
    git(root, "commit", "-q", "-a", "-m", "broken")
    write(root, {"system.yaml": SHOP["systems/shop/system.yaml"]})
    answer = against(root, "HEAD")
    assert answer.exit_code == 2
    assert "HEAD: systems/shop/system.yaml:13: no_such_key:" in answer.err
    assert "Traceback" not in answer.err


def test_a_revision_whose_program_fails_says_so(root: Path) -> None:
    (root / "__main__.py").write_text("import no_such_module\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "broken")
    (root / "__main__.py").write_text("")
    answer = against(root, "HEAD")
    assert answer.exit_code == 2
    assert answer.err.splitlines()[-1] == (
        "HEAD: ModuleNotFoundError: No module named 'no_such_module'"
    )


def test_a_revision_that_ends_its_process_says_so(root: Path) -> None:
    (root / "__main__.py").write_text("import os\nos._exit(3)\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "broken")
    (root / "__main__.py").write_text("")
    answer = against(root, "HEAD")
    # The program as it is asks for nothing but its stack, and that is enough to be told.
    assert answer.exit_code == 2
    assert answer.err.splitlines()[-1] == (
        "HEAD: its program does not run here: it said nothing; try it in a checkout of its own"
    )


def test_findings_of_the_files_as_they_are_come_first(root: Path) -> None:
    write(root, {"system.yaml": SHOP["systems/shop/system.yaml"] + "no_such_key: 1\n"})
    answer = against(root, "HEAD")
    assert answer.exit_code == 1
    assert "no_such_key" in answer.err
    assert "HEAD:" not in answer.err


def test_a_hook_s_index_is_not_ours(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = root / ".git" / "index"
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    before = index.read_bytes()
    hook = root / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {root}/hooked\n")
    hook.chmod(0o755)
    assert against(root, "HEAD").exit_code == 0
    assert index.read_bytes() == before
    assert not (root / "hooked").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_interrupted_leaves_nothing(root: Path, number: signal.Signals) -> None:
    (root / "__main__.py").write_text("import time\ntime.sleep(60)\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "slow")
    (root / "__main__.py").write_text("import pulumi\npulumi.ComponentResource('a:b:C', 'd')\n")
    code = "from cli.app import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "plan", "--against", "HEAD"],
        cwd=root,
        env={**os.environ, "TMPDIR": str(root.parent)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        end = time.monotonic() + 30
        while not list(root.parent.glob("stackgraph-*/tree/__main__.py")):
            assert time.monotonic() < end
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(number)
        assert process.wait(20) != 0
    assert not list(root.parent.glob("stackgraph-*"))
    assert len(git(root, "worktree", "list").splitlines()) == 1
