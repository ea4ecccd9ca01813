"""Asks DNS: addresses of names, and the CAA records that hold for them."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.CAA import CAA

from graph.live.resolving import Answer, Caa, Status

LIFETIME_SECONDS = 4.0
"""How long one question may take, repetitions included."""

_TYPES = ("A", "AAAA")


class NoResolverError(Exception):
    """No server can be asked: what was given is none, or the system names none."""


def resolver(server: str | None) -> dns.asyncresolver.Resolver:
    """Give the system's resolver, or the one at ``ADDRESS[:PORT]``; a `NoResolverError` else."""
    if server is None:
        try:
            made = dns.asyncresolver.Resolver()
        except dns.resolver.NoResolverConfiguration:
            msg = "this system names no resolver; give one with --resolver ADDRESS"
            raise NoResolverError(msg) from None
    else:
        made = dns.asyncresolver.Resolver(configure=False)
        address, port = _server(server)
        made.nameservers, made.port = [address], port
    made.lifetime = LIFETIME_SECONDS
    made.timeout = LIFETIME_SECONDS / 2  # one packet may be lost
    return made


def _server(text: str) -> tuple[str, int]:
    """Read ``ADDRESS``, ``ADDRESS:PORT`` or ``[ADDRESS]:PORT``."""
    address, port = text, "53"
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        port = port.removeprefix(":") or "53"
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    with contextlib.suppress(ValueError):
        if 0 < int(port) < 65_536:
            return str(ipaddress.ip_address(address)), int(port)
    msg = f"--resolver {text} is no address of a server; write one like 192.0.2.53:53"
    raise NoResolverError(msg)


async def look_up(by: dns.asyncresolver.Resolver, name: str) -> Answer:
    """Ask for a name's addresses, IPv4 and IPv6. One that fails makes the whole fail."""
    parts = await asyncio.gather(*(_ask(by, name, type_) for type_ in _TYPES))
    failed = next((part for part in parts if part.status is Status.FAILED), None)
    if failed is not None:
        return failed
    if all(part.status is Status.MISSING for part in parts):
        return Answer(status=Status.MISSING)
    ttls = [part.ttl for part in parts if part.ttl is not None]
    return Answer(
        status=Status.FOUND,
        addresses=tuple(address for part in parts for address in part.addresses),
        aliases=tuple(dict.fromkeys(alias for part in parts for alias in part.aliases)),
        ttl=max(ttls, default=None),
    )


async def _ask(by: dns.asyncresolver.Resolver, name: str, type_: str) -> Answer:
    try:
        answer = await by.resolve(_absolute(name), type_, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN:
        return Answer(status=Status.MISSING)
    except dns.exception.DNSException as error:
        return Answer(status=Status.FAILED, problem=_told(error))
    except OSError as error:
        return Answer(status=Status.FAILED, problem=(error.strerror or "failed").lower())
    aliases = tuple(
        rdata.target.to_text(omit_final_dot=True).lower()
        for rrset in answer.response.answer
        if rrset.rdtype == dns.rdatatype.CNAME
        for rdata in rrset
    )
    found = answer.rrset
    if found is None:
        return Answer(status=Status.FOUND, aliases=aliases)
    addresses = tuple(sorted(str(ipaddress.ip_address(rdata.to_text())) for rdata in found))
    return Answer(status=Status.FOUND, addresses=addresses, aliases=aliases, ttl=found.ttl)


class Authorities:
    """CAA records that hold for names: what is above many of them is asked for once."""

    def __init__(self, by: dns.asyncresolver.Resolver) -> None:
        self._by = by
        self._asked: dict[dns.name.Name, asyncio.Task[Caa]] = {}

    async def of(self, name: str) -> Caa:
        """Give the records that hold for a name: its own, or those of the nearest name above."""
        at = _absolute(name)
        while at != dns.name.root:
            if at not in self._asked:
                self._asked[at] = asyncio.create_task(self._at(at))
            found = await asyncio.shield(self._asked[at])
            if found.records or found.problem:
                return found
            at = at.parent()
        return Caa()

    async def _at(self, at: dns.name.Name) -> Caa:
        try:
            answer = await self._by.resolve(at, "CAA", raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            return Caa()
        except dns.exception.DNSException as error:
            return Caa(problem=_told(error))
        except OSError as error:
            return Caa(problem=(error.strerror or "failed").lower())
        records = tuple(
            (rdata.flags, rdata.tag.decode(), rdata.value.decode(errors="replace"))
            for rdata in answer.rrset or ()
            if isinstance(rdata, CAA)
        )
        return Caa(at=at.to_text(omit_final_dot=True), records=tuple(sorted(records)))


def _absolute(name: str) -> dns.name.Name:
    return dns.name.from_text(name)


def _told(error: dns.exception.DNSException) -> str:
    """Say why a question failed, without what the library adds for its own readers."""
    if isinstance(error, dns.exception.Timeout):
        return "no answer in time"
    if isinstance(error, dns.resolver.NoNameservers):
        codes = {str(answer[3]) for answer in error.kwargs.get("errors", ())}
        code = next((c for c in ("SERVFAIL", "REFUSED") if any(c in each for each in codes)), None)
        return code or "no server could answer"
    return type(error).__name__
