"""Asks names what they serve: their certificate, whether HTTP leads to HTTPS, who is refused."""

from __future__ import annotations

import asyncio
import contextlib
import email.parser
import functools
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime

from graph.live.serving import Certificate, Reply, Seen, Visit

PATIENCE_SECONDS = 6.0
"""How long one connection may take, from its first packet to the end of the answer's head."""

LONGEST_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Ports to ask at, and whose certificates are accepted: those that this system trusts."""

    http: int = 80
    https: int = 443
    trusted: ssl.SSLContext = field(default_factory=ssl.create_default_context)


async def look_at(to: Visit, web: Web) -> Seen:
    """Ask a name for all that a visit wants to know, all at once."""
    paths = [
        _request(to.guarded_at, web.https, to.name, path, _unchecked())
        for path in to.guarded.values()
    ]
    certificate, plain, guarded = await asyncio.gather(
        _certificate(to, web),
        _request(to.at, web.http, to.name, "/", None),
        asyncio.gather(*paths),
    )
    return Seen(
        certificate=certificate, plain=plain, guarded=dict(zip(to.guarded, guarded, strict=True))
    )


async def _certificate(to: Visit, web: Web) -> Certificate:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, writer = await asyncio.open_connection(
                to.at, web.https, ssl=web.trusted, server_hostname=to.name, ssl_shutdown_timeout=1
            )
    except ssl.SSLCertVerificationError as error:
        return Certificate(refused=error.verify_message)
    except (OSError, TimeoutError) as error:
        return Certificate(problem=_told(error))
    shown = writer.get_extra_info("peercert") or {}
    await _closed(writer)
    ends = ssl.cert_time_to_seconds(str(shown["notAfter"]))
    return Certificate(expires=datetime.fromtimestamp(ends, UTC))


async def _request(
    address: str, port: int, name: str, path: str, context: ssl.SSLContext | None
) -> Reply:
    """Make a request and read the head of its answer; its body is of no interest."""
    local = ""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(
                address,
                port,
                ssl=context,
                server_hostname=name if context else None,
                ssl_shutdown_timeout=1 if context else None,
                limit=LONGEST_HEAD,
            )
            local = str(writer.get_extra_info("sockname")[0])
            try:
                # `stackgraph` as the agent: in a log it is plain who asked.
                head = (
                    f"GET {path} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: stackgraph\r\n"
                    "Accept: */*\r\nConnection: close\r\n\r\n"
                )
                writer.write(head.encode())
                await writer.drain()
                answer = await reader.readuntil(b"\r\n\r\n")
            finally:
                await _closed(writer)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        return Reply(local=local, problem=_told(error))
    return _reply(answer.decode("latin-1"), local)


def _reply(head: str, local: str) -> Reply:
    first, _, rest = head.partition("\r\n")
    words = first.split(" ", 2)
    if not words[0].startswith("HTTP/") or len(words) < 2 or not words[1].isdigit():
        return Reply(local=local, problem="it answers no HTTP")
    fields = email.parser.HeaderParser().parsestr(rest)
    return Reply(status=int(words[1]), location=str(fields.get("Location", "")), local=local)


@functools.cache  # it reads files
def _unchecked() -> ssl.SSLContext:
    """Accept any certificate: a guard's answer counts, and nothing secret is sent to it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        await writer.wait_closed()


def _told(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS failed").lower().replace("_", " ")
    if isinstance(error, OSError):
        return (error.strerror or "no connection").lower()
    return "it hung up"
