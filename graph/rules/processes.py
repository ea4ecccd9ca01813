"""Programs that hosts run themselves: processes, jobs, and the sites beside them."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence

from config.finding import Severity, Source
from graph.model import Job, Process, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.scope import at

_SHORT_LIVED = re.compile(r"/(?:tmp|var/tmp|run|var/run|dev/shm)(?:/|$)")

_PINNED = re.compile(r".+@v?\d|.*===?\d|.*://")
"""A package with its version, for npm (``X@1.2``) and for pip (``X==1.2``), or at a URL."""

_RUNNERS = (
    ("npx",),
    ("npm", "exec"),
    ("npm", "x"),
    ("pnpm", "dlx"),
    ("yarn", "dlx"),
    ("bunx",),
    ("bun", "x"),
    ("uvx",),
    ("uv", "tool", "run"),
    ("pipx", "run"),
)
"""Commands that fetch a package and run it."""

_INSTALLERS = (("pip", "install"), ("pip3", "install"), ("pipx", "install"))
"""Commands that fetch packages."""

_NAMES_THE_PACKAGE = frozenset({"--package", "--from", "--spec"})
_TAKES_A_VALUE = frozenset(
    {"--cache", "--index-url", "-i", "--prefix", "--python", "--registry", "-t", "-p"}
    | {"--extra-index-url", "--target", "--with", "-e", "--editable", "-r", "--requirement"}
)
_SETTLES_THE_VERSION = frozenset(
    {"--no-install", "--no", "--offline", "-c", "--constraint", "--call"}
)
"""What fetches nothing, or has the versions written elsewhere, or is another command."""


@rule("D04", severity=Severity.WARNING)
def unpinned_tool(graph: StackGraph) -> Iterator[Breach]:
    """A tool that a command fetches has a version."""
    for node in _programs(graph):
        for tool, package in _fetched(node.spec.command):
            if not _PINNED.match(package):
                yield Breach(
                    at(node.source, "command"),
                    f"{tool} fetches whichever {package} is the newest at the time",
                    f"name the version, like {_with_version(tool, package)}",
                )


def _programs(graph: StackGraph) -> Iterator[Process | Job]:
    nodes: tuple[Process | Job, ...] = (*graph.processes.values(), *graph.jobs.values())
    for node in nodes:
        if graph.hosts[node.host].managed_by is None:
            yield node


def _with_version(tool: str, package: str) -> str:
    name = re.sub(r"(?<=.)(?:@|[=<>~!]).*", "", package)
    return f"{name}==1.2.3" if tool.startswith("pip") else f"{name}@1.2.3"


def _fetched(command: str) -> Iterator[tuple[str, str]]:
    """Give the packages that a shell's command fetches, each with what fetches it."""
    for line in re.split(r"[;&|\n]+", command):
        words = [part for word in _words(line) for part in word.split()]
        for index, word in enumerate(words):
            program = posixpath.basename(word)
            if word not in (program, f"/usr/bin/{program}", f"/usr/local/bin/{program}"):
                continue
            rest = [program, *words[index + 1 :]]
            found = next((r for r in (*_RUNNERS, *_INSTALLERS) if tuple(rest[: len(r)]) == r), None)
            if found is not None:
                packages = _packages(found, rest[len(found) :])
                yield from ((" ".join(found), package) for package in packages)
                break


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a quote that another part of the line closes
        return re.sub("['\"]", " ", line).split()


def _packages(tool: tuple[str, ...], words: Sequence[str]) -> list[str]:
    naming = {*_NAMES_THE_PACKAGE, *(["-p"] if tool[0] in {"npx", "npm"} else [])}
    named: list[str] = []
    plain: list[str] = []
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if option in _SETTLES_THE_VERSION:
            return []
        if option in naming:
            named.append(value if equals else next(rest, ""))
        elif option in _TAKES_A_VALUE:
            if not equals:
                next(rest, None)
        elif not word.startswith("-"):
            plain.append(word)
            if tool not in _INSTALLERS:  # what follows are the tool's own arguments
                break
    return [package for package in named or plain if package and package[0] not in "./~$"]


@rule("F05", severity=Severity.WARNING)
def process_without_limit(graph: StackGraph) -> Iterator[Breach]:
    """A process has a memory limit."""
    for process in graph.processes.values():
        host = graph.hosts[process.host]
        if process.spec.memory is None and host.managed_by is None:
            yield Breach(
                process.source,
                f"{process.key} may take all memory of {host.key}, its network and SSH with it",
                "give it memory, the most that it may use",
            )


@rule("K16")
def lost_at_reboot(graph: StackGraph) -> Iterator[Breach]:
    """What a host runs and serves outlives a restart of the host."""
    for process in graph.processes.values():
        if not process.spec.on_boot and graph.hosts[process.host].managed_by is None:
            yield Breach(
                at(process.source, "on_boot"),
                f"{process.key} is not started again when its host restarts",
                "set on_boot to true, and let its manager start it",
            )
    for source, path in _paths(graph):
        if _SHORT_LIVED.match(path):
            yield Breach(
                source,
                f"{path} is emptied when the host restarts, or cleaned up before",
                "move it to a lasting place, like /srv or /opt",
            )


def _paths(graph: StackGraph) -> Iterator[tuple[Source, str]]:
    for node in _programs(graph):
        yield from ((at(node.source, "command"), word) for word in _words(node.spec.command)[:1])
        if isinstance(node, Process):
            yield at(node.source, "directory"), node.spec.directory
            yield from ((at(node.source, "data"), path) for path in node.spec.data)
    for site in graph.sites.values():
        if graph.hosts[site.host].managed_by is None:
            yield at(site.source, "path"), site.spec.path
