"""``python -m rehearsal [SYSTEM…]``: a prod stack from nothing to running, and back to nothing."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.project import Project
from config.finding import FindingsError
from rehearsal.hosts import hosts_problem
from rehearsal.play import Play
from rehearsal.stack import Result
from scripts import probe

LAST_LINES = 40
EVERY = 10
"""Seconds after which a long step tells where it is."""
PATIENCE = 3600
"""Seconds that a step may take: services say themselves how long they may take to be healthy."""


class Failed(Exception):  # noqa: N818 — it is how a rehearsal ends, not a mistake of ours
    """A step did not do what it must."""


def say(text: str) -> None:
    """Tell how it goes."""
    print(text, file=sys.stderr, flush=True)


def main(
    systems: Annotated[
        list[str] | None, typer.Argument(help="All of the stack by default.")
    ] = None,
    stack: Annotated[str, typer.Option(help="The stack that is played.")] = "prod",
    stand_in: Annotated[
        bool, typer.Option("--stand-in", help="Stand-ins for all images: nothing is pulled.")
    ] = False,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Leave it running, and say how to look and to end it."),
    ] = False,
) -> None:
    """Play a prod stack on this machine: up, an empty preview, and down with nothing left.

    The engine and the program are real. Hosts are test hosts (containers with systemd, sshd and a
    Docker of their own), clouds are stand-ins. Exits 0 when all went well, 1 when a step failed,
    2 when it cannot be played here.
    """
    if (problem := probe.engine_problem() or hosts_problem()) is not None:
        say(f"rehearsal: cannot be played here: {problem}")
        raise typer.Exit(2)
    folder = Path(tempfile.mkdtemp(prefix="stackgraph-rehearsal-"))
    play = None
    try:
        say(f"rehearsal of {stack}: hosts and images")
        play = Play.prepare(
            folder, Project.find(Path.cwd()), stack, systems or [], stand_in=stand_in
        )
        for note in play.notes:
            say(f"  differs: {note}")
        begin(play)
        if keep:
            tell(play)
            return
        end(play)
    except FindingsError as error:
        say(str(error))
        raise typer.Exit(1) from None
    except Failed as failure:
        say(f"rehearsal: FAILED: {failure}")
        if keep and play is not None:
            tell(play)
        raise typer.Exit(1) from None
    finally:
        if not keep:
            if play is not None:
                play.close()
            shutil.rmtree(folder, ignore_errors=True)
    say("rehearsal: all went well, and nothing is left")


def begin(play: Play) -> None:
    """Bring it up, and see that nothing is to do after that."""
    step(play, "up", "up", "--yes", "--skip-preview")
    step(play, "preview, must be empty", "preview", "--expect-no-changes", "--diff")
    step(
        play, "refresh, must find nothing", "preview", "--refresh", "--expect-no-changes", "--diff"
    )


def end(play: Play) -> None:
    """Take it down, and see that no machine of a cloud is left."""
    # Volumes are protected, and so is what prod must never lose: here nothing is worth it.
    quiet(play.stack.run("state", "unprotect", "--all", "--yes"))
    adopted = {each for each in play.machines() if not play.made(each)}
    step(play, "destroy", "destroy", "--yes", "--skip-preview")
    if left := [each for each in play.machines() if each not in adopted]:
        raise Failed(f"machines are left: {', '.join(left)}")


def step(play: Play, what: str, *command: str) -> None:
    """Run a command of the engine; `Failed` with its last lines when it fails."""
    start = told = time.monotonic()
    last = ""

    def watch(line: str) -> None:
        nonlocal told, last
        idle = not line.strip() or "using pulumi-resource-" in line or line.startswith("@")
        if not idle and line != last and time.monotonic() - told > EVERY:
            told, last = time.monotonic(), line
            say(f"  {told - start:4.0f} s {line.strip()[:120]}")

    say(f"  {what} …")
    quiet(play.stack.run(*command, watch=watch, timeout=PATIENCE))
    say(f"  {what}: {time.monotonic() - start:.0f} s")


def quiet(result: Result) -> None:
    """Show what was printed only where it failed."""
    if result.code != 0:
        # The engine's diagnostics; what else it shows is on their way or after them.
        shown = result.text.rpartition("Diagnostics:")[2].partition("\nOutputs:")[0]
        lines = [each for each in shown.splitlines() if "pulumi-resource-" not in each]
        raise Failed("\n".join(["", *lines[-LAST_LINES:]]))


def tell(play: Play) -> None:
    """Say how to look at what was left running."""
    environment = ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_HOME")
    say("rehearsal: nothing of it is taken down; its machines are")
    for name in play.machines():
        say(f"  docker exec -it {name} bash")
    for variable in environment:
        say(f"  export {variable}={play.stack.environment[variable]}")
    say(f"  to end it: docker rm -fv {' '.join(play.machines())}")
    say(f"             docker network rm {play.yard.tag}; rm -r {play.yard.folder}")


if __name__ == "__main__":
    typer.run(main)
