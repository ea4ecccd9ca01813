"""DNS is asked of a real server: what it says, what it fails to say, and within which time."""

from __future__ import annotations

import asyncio
import time

import dns.rcode
import pytest

from cli.live import dns_client
from cli.live.dns_client import Authorities, NoResolverError, look_up, resolver
from graph.live.resolving import Answer, Caa, Status
from tests.support.dns_server import dns_server

ZONE = """\
$TTL 300
@ CAA 0 issue "pki.goog"
a A 192.0.2.10
a AAAA 2001:db8::10
six AAAA 2001:db8:0:0:0:0:0:10
www 60 CNAME a
away CNAME elsewhere.example.net.
text TXT "x"
own CAA 0 issue "letsencrypt.org"
own CAA 128 tbs "x"
own A 192.0.2.11
"""
FAILING = {
    "broken.example.com": dns.rcode.SERVFAIL,
    "closed.example.com": dns.rcode.REFUSED,
    "silent.example.com": None,
}


def asked(name: str) -> Answer:
    with dns_server("example.com", ZONE, FAILING) as server:
        return asyncio.run(look_up(resolver(server), name))


def test_what_there_is() -> None:
    assert asked("a.example.com") == Answer(
        status=Status.FOUND, addresses=("192.0.2.10", "2001:db8::10"), ttl=300
    )
    assert asked("six.example.com").addresses == ("2001:db8::10",)


def test_an_alias_tells_its_way() -> None:
    answer = asked("www.example.com")
    assert (answer.aliases, answer.addresses) == (
        ("a.example.com",),
        ("192.0.2.10", "2001:db8::10"),
    )


def test_what_there_is_not() -> None:
    assert asked("none.example.com") == Answer(status=Status.MISSING)
    assert asked("text.example.com") == Answer(status=Status.FOUND)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("broken.example.com", "SERVFAIL"),
        ("closed.example.com", "REFUSED"),
        ("silent.example.com", "no answer in time"),
    ],
)
def test_what_nobody_tells(name: str, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_client, "LIFETIME_SECONDS", 0.4)
    begun = time.monotonic()
    assert asked(name) == Answer(status=Status.FAILED, problem=problem)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.example.com", Caa(at="example.com", records=((0, "issue", "pki.goog"),))),
        ("a.b.c.example.com", Caa(at="example.com", records=((0, "issue", "pki.goog"),))),
        (
            "own.example.com",
            Caa(
                at="own.example.com",
                records=((0, "issue", "letsencrypt.org"), (128, "tbs", "x")),
            ),
        ),
        ("a.test", Caa()),
        ("broken.example.com", Caa(problem="SERVFAIL")),
    ],
)
def test_who_may_issue(name: str, said: Caa) -> None:
    with dns_server("example.com", ZONE, FAILING) as server:

        async def ask() -> list[Caa]:
            known = Authorities(resolver(server))
            return list(await asyncio.gather(known.of(name), known.of(name)))

        assert asyncio.run(ask()) == [said, said]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_whom_to_ask(text: str, where: tuple[str, int]) -> None:
    made = resolver(text)
    assert (made.nameservers, made.port) == ([where[0]], where[1])


@pytest.mark.parametrize("text", ["", "dns.example.com", "192.0.2.53:0", "192.0.2.53:x", "[::1]x"])
def test_whom_nobody_can_ask(text: str) -> None:
    with pytest.raises(NoResolverError) as caught:
        resolver(text)
    assert str(caught.value) == (
        f"--resolver {text} is no address of a server; write one like 192.0.2.53:53"
    )
