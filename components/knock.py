"""Whether SSH answers at an address: a TCP connection as far as the server's name, and no login."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

K = TypeVar("K", bound=Hashable)

_PAUSE: Final = 1.0
"""Seconds between two attempts."""

_LONGEST_GREETING: Final = 8192
_OUR_NAME: Final = b"SSH-2.0-stackgraph\r\n"


@dataclass(frozen=True, slots=True)
class Door:
    """Where an sshd should listen."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address} port {self.port}"


def knock(
    doors: Mapping[K, Sequence[Door]], *, patience: float, again: bool
) -> dict[K, dict[Door, str]]:
    """Ask all doors at the same time; give those of whom no door answered, and what was heard.

    One door that answers is enough. With ``again`` a door that does not answer is asked again
    until ``patience`` seconds are over.
    """
    until = time.monotonic() + patience
    heard: queue.SimpleQueue[tuple[K, Door, str | None]] = queue.SimpleQueue()
    for key, places in doors.items():
        for door in places:
            # Nobody waits for those that are late: looking up a name cannot be interrupted.
            threading.Thread(
                target=lambda key=key, door=door: heard.put((key, door, _ask(door, until, again))),
                name=f"knock {door}",
                daemon=True,
            ).start()
    shut: dict[K, dict[Door, str]] = {key: {} for key in doors}
    while any(len(said) < len(doors[key]) for key, said in shut.items()):
        try:
            left = max(until - time.monotonic(), 0) + _PAUSE / 2
            key, door, said = heard.get(timeout=left)
        except queue.Empty:
            break
        if said is None:
            shut.pop(key, None)
        elif key in shut:
            shut[key][door] = said
    return {
        key: {door: said.get(door, "does not answer") for door in doors[key]}
        for key, said in shut.items()
    }


def _ask(door: Door, until: float, again: bool) -> str | None:
    """Give None when SSH answers, else what was heard in the end."""
    while True:
        said, final = _once(door, until)
        left = until - time.monotonic()
        if said is None or final or not again or left < _PAUSE:
            return said
        time.sleep(_PAUSE)


def _once(door: Door, until: float) -> tuple[str | None, bool]:
    """Try once; tell also whether asking again is in vain."""
    left = max(until - time.monotonic(), 0.1)
    try:
        with socket.create_connection((door.address, door.port), timeout=left) as connection:
            return _greeting(connection, until), False
    except socket.gaierror as error:
        return "has no address in DNS", error.errno == socket.EAI_NONAME
    except UnicodeError:  # what the idna codec says of a name that cannot be one
        return "has no address in DNS", True
    except ConnectionRefusedError:
        return "refuses the connection", False
    except TimeoutError:
        return "does not answer", False
    except OSError as error:
        return f"cannot be reached: {(error.strerror or 'no way there').lower()}", False


def _greeting(connection: socket.socket, until: float) -> str | None:
    """Read until the server gives its name; it may say other lines before that."""
    text = b""
    try:
        while b"\nSSH-" not in b"\n" + text and len(text) < _LONGEST_GREETING:
            connection.settimeout(max(until - time.monotonic(), 0.1))
            received = connection.recv(1024)
            if not received:
                return "answers, but not as SSH" if text else "closes the connection at once"
            text += received
    except TimeoutError:
        return "answers, but not as SSH" if text else "takes the connection and says nothing"
    except ConnectionError:
        return "closes the connection at once"
    if b"\nSSH-" not in b"\n" + text:
        return "answers, but not as SSH"
    _leave(connection)
    return None


def _leave(connection: socket.socket) -> None:
    """Give our name and go: to sshd, and whoever reads its log, an ordinary end."""
    try:
        connection.settimeout(_PAUSE)
        connection.sendall(_OUR_NAME)
        connection.shutdown(socket.SHUT_WR)
        # What is still under way is taken: closed over it, the connection would be reset.
        while connection.recv(4096):
            pass
    except OSError:
        return
