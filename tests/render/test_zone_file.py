"""Zone files: whatever is described, DNS software reads the records that were meant, no others."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import dns.rdatatype
import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.finding import Source
from graph.model import StackGraph, Zone
from graph.records import Target, WantedRecord, Why, target_of
from render.zone_file import zone_file, zone_files
from tests.graph.estate import HOST, estate
from tests.graph.test_records import SYSTEM as ROUTED

CHECKZONE = shutil.which("named-checkzone")
HOSTILE = 'ours\n@ IN A 203.0.113.66\r\x00; x "y" (z'
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@functools.cache
def graph() -> StackGraph:
    """Give a graph of one host and one zone."""
    text = ROUTED.format(host=HOST, routes="  {}", zone="{provider: external}", mesh="", ingress="")
    with tempfile.TemporaryDirectory() as folder:
        return estate(Path(folder), text, stack="prod")


def zone(managed_by: str | None = None) -> Zone:
    (found,) = graph().zones.values()
    return replace(found, managed_by=managed_by)


def record(name: str, address: str | None, purpose: str = "") -> WantedRecord:
    return WantedRecord(
        name=name,
        zone="zone:shop/example.com",
        host="host:shop/vps",
        target=None if address is None else target_of(address),
        proxied=False,
        ttl=300,
        why=Why.SERVED,
        purpose=purpose,
        sources=(Source("system.yaml", 1, ""),),
    )


def read(text: str) -> set[tuple[str, str, str, int]]:
    """Give the records in a zone file, as dnspython reads it."""
    found = dns.zone.from_text(text, origin=None, check_origin=False, relativize=False)
    return {
        (
            name.to_text(omit_final_dot=True),
            dns.rdatatype.to_text(r.rdtype),
            each.to_text() if r.rdtype == dns.rdatatype.CNAME else str(ip_address(each.to_text())),
            r.ttl,
        )
        for name, r in found.iterate_rdatasets()
        for each in r
    }


def test_the_whole_text() -> None:
    records = [
        record("example.com", "192.0.2.10"),
        record("*.example.com", "2001:db8::1"),
        record("a.b.example.com", "vps.example.net"),
        record("later.example.com", None),
    ]
    assert (
        zone_file(graph(), zone("The owners,\nat OVH"), records)
        == """\
; Records of example.com that system shop needs; SOA and NS stay.
; Managed by: The owners, at OVH
$ORIGIN example.com.
$TTL 300
@                        300    IN A      192.0.2.10
*                        300    IN AAAA   2001:db8::1
a.b                      300    IN CNAME  vps.example.net.
; later                    300    IN A      \
the public address of host vps, which stack prod does not say
"""
    )


def test_what_people_write_becomes_no_record() -> None:
    text = zone_file(graph(), zone(HOSTILE), [record("a.example.com", "192.0.2.10", HOSTILE)])
    assert read(text) == {("a.example.com", "A", "192.0.2.10", 300)}


def test_an_alias_cannot_stand_at_the_apex() -> None:
    text = zone_file(graph(), zone(), [record("example.com", "vps.example.net")])
    assert read(text) == set()
    assert "; @ " in text
    assert "vps.example.net" in text


@given(
    names=st.lists(st.lists(LABELS, max_size=3).map(tuple), max_size=8, unique=True),
    star=st.booleans(),
    address=st.ip_addresses().map(str),
)
def test_what_is_written_is_read(names: list[tuple[str, ...]], star: bool, address: str) -> None:
    target = target_of(address)
    full = {
        ".".join((*(("*",) if star and labels else ()), *labels, "example.com")) for labels in names
    }
    text = zone_file(graph(), zone(), [record(name, address) for name in sorted(full)])
    assert read(text) == {(name, target.type, target.value, 300) for name in full}


@pytest.mark.skipif(CHECKZONE is None, reason="there is no named-checkzone (bind9-utils)")
def test_bind_includes_it(tmp_path: Path) -> None:
    part = tmp_path / "part.zone"
    records = [
        record("example.com", "192.0.2.10"),
        record("*.example.com", "2001:db8::1"),
        record("a.example.com", "vps.example.net", HOSTILE),
    ]
    part.write_text(zone_file(graph(), zone(HOSTILE), records), encoding="utf-8")
    whole = tmp_path / "whole.zone"
    whole.write_text(
        "$TTL 300\n@ IN SOA ns.example.net. admin.example.net. 1 3600 600 86400 300\n"
        f"@ IN NS ns.example.net.\n$INCLUDE {part}\n",
        encoding="utf-8",
    )
    answer = subprocess.run(
        [str(CHECKZONE), "-D", "example.com", str(whole)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    lines = [line.split() for line in answer.stdout.splitlines() if line.endswith("192.0.2.10")]
    assert [(line[0], line[-1]) for line in lines] == [("example.com.", "192.0.2.10")]


def test_a_zone_without_records_has_no_file() -> None:
    assert zone_files(graph(), graph().zones.values()) == {}


def test_a_target_is_an_address_or_a_name() -> None:
    assert target_of("192.0.2.1") == Target(type="A", value="192.0.2.1")
    assert target_of("2001:DB8::0001") == Target(type="AAAA", value="2001:db8::1")
    assert target_of("vps.example.net.") == Target(type="CNAME", value="vps.example.net")
