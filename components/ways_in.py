"""Several ways into a host, tried in turn; and what stood in the way, in words of our own."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from config.stack import NAMESPACE
from graph.model import Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A login on a host: the ssh command that takes a script there, and what it is made of.

    ``first`` is the login before the host was set up.
    """

    line: str
    user: str
    address: str
    port: int
    first: bool = False


def first_that_answers(ways: Sequence[Way], patience: int, host: Host, stack: str) -> str:
    """Write a shell script in which the first way that lets us in runs what is on standard input.

    A machine that was only just made may take ``patience`` seconds until it answers. When none
    lets us in, what each of them said is told, and behind it what it means and what to do.
    """
    *others, last = ways
    script = ["tried="]
    if patience:
        script += [
            f"end=$(($(date +%s) + {patience}))",
            f"until {last.line} </dev/null >/dev/null 2>&1 || [ $(date +%s) -gt $end ]",
            "do sleep 5; done",
        ]
    for way in others:
        # Asked with nothing on standard input, a way in does nothing and tells that it is one.
        script += [
            f"said=$({way.line} 2>&1 >/dev/null </dev/null) && exec {way.line}",
            "code=$?",
            f'tried="$tried$({_explained(way, host, stack)})\n"',
        ]
    script += [
        # Only what goes to standard error is kept back: the script's own progress is seen live.
        f"{{ said=$({last.line} 2>&1 >&3); code=$?; }} 3>&1",
        f"{{ {_explained(last, host, stack)}; }} >&2",
        '[ $code = 0 ] || printf %s "$tried" >&2',
        "exit $code",
    ]
    return "\n".join(script)


def _explained(way: Way, host: Host, stack: str) -> str:
    """Write commands that print what ssh ``$said``, and in a line what that means."""
    cases = "\n".join(
        f"  {pattern}) printf '%s\\n' {shlex.quote(text)} ;;"
        for pattern, text in _meanings(way, host, stack)
    )
    return (
        '[ -z "$said" ] || printf \'%s\\n\' "$said"\n'
        f'[ $code = 0 ] || case "$code $said" in\n{cases}\nesac'
    )


def _meanings(way: Way, host: Host, stack: str) -> Iterator[tuple[str, str]]:
    """Give patterns of exit code and words, and what each means; 255 is the code of ssh itself."""
    name = f"{host.system}/{host.key}"

    def correct(key: str, value: str) -> str:
        path = f"{NAMESPACE}:{host.system}.hosts.{host.key}.{key}"
        return f"pulumi config set --stack {stack} --path '{path}' {value}"

    there = f"{name}: {way.address} port {way.port}"
    access = host.access
    jump = access.jump if access else None
    if jump is not None:
        hop = f"{name}: the jump host {jump.address} port {jump.port}"
        yield (
            _with(f"{jump.user}@{jump.address}: Permission denied"),
            _no_key(hop, jump.user, correct("jump.user", "USER")),
        )
        remedy = correct("jump.host_key", "KEY")
        for shown in (jump.address, f"[{jump.address}]:{jump.port}"):
            yield _with(f"ost key for {shown} has changed"), _another_key(hop, remedy)
    user = correct("first.user" if way.first else "user", "USER")
    yield _with("Permission denied ("), _no_key(there, way.user, user)
    pinned = access is not None and access.host_key is not None
    remedy = correct("host_key", "KEY") if pinned else "have it replaced"
    yield _with("Host key verification failed"), _another_key(there, remedy)
    address = correct("address", "ADDRESS") if access and access.address else "look at its console"
    yield "'255 '*", f"{there} cannot be reached, or was lost; start it, or {address}"
    yield (
        "*'sudo: '*'password is required'*|*'not in the sudoers file'*",
        f"{there} does not let {way.user} become root without a password; "
        f"allow it in /etc/sudoers.d, or {user}",
    )


def _with(words: str) -> str:
    return f"'255 '*{shlex.quote(words)}*"


def _no_key(where: str, user: str, remedy: str) -> str:
    return (
        f"{where} takes none of our keys for {user}; ssh-add one that it knows, correct "
        f"identity_file, or {remedy}"
    )


def _another_key(where: str, remedy: str) -> str:
    return (
        f"{where} shows another host key than the stack pins; where the machine was installed "
        f"anew, read its key at its console and {remedy}"
    )
