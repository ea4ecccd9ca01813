"""Records of a zone: what is behind a name decides them, and their keys never move."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.edge import ZoneRecord, settings, zone_records
from graph.edge.records import key, quoted
from graph.model import StackGraph
from tests.components.zone import POLICY, shop, system, zone_of
from tests.graph.estate import estate

SIP = """\
services:
  front: {image: a, expose: ["8080"], ports: ["5060:5060/udp"]}
"""
WEB_PORT = """\
services:
  front: {image: a, expose: ["8080"], ports: ["8443:8443"]}
"""


def records(graph: StackGraph) -> dict[str, ZoneRecord]:
    return {each.key: each for each in zone_records(graph, zone_of(graph))}


def test_a_proxied_record_has_no_ttl_of_its_own(tmp_path: Path) -> None:
    for record in records(shop(tmp_path)).values():
        assert (record.ttl == 1) == (record.proxied or record.type == "CAA"), record.key


@pytest.mark.parametrize(
    ("compose", "flow", "said", "proxied"),
    [
        (SIP, "", "", False),
        (WEB_PORT, "", "", True),
        (
            WEB_PORT,
            "flows:\n  - internet -> web/front: {protocol: sip, via: sip.example.com}\n",
            "",
            False,
        ),
        (
            WEB_PORT,
            "flows:\n  - internet -> web/front: {protocol: https, via: sip.example.com}\n",
            "",
            True,
        ),
        (SIP, "", ", proxied: true", True),
        (WEB_PORT, "", ", proxied: false", False),
    ],
)
def test_proxied_follows_from_what_is_behind_the_name(
    compose: str, flow: str, said: str, proxied: bool, tmp_path: Path
) -> None:
    policy = (
        "    proxied: true\n    records:\n"
        f"      sip.example.com: {{host: vps, purpose: Calls{said}}}\n"
    )
    text = system(policy, "  a.example.com: {to: web/front:8080}\n") + flow
    graph = estate(tmp_path, text, compose, stack="prod")
    assert records(graph)["sip"].proxied is proxied


def test_addresses_of_both_families(tmp_path: Path) -> None:
    graph = estate(
        tmp_path,
        system(),
        stack="prod",
        vps={"public_addresses": ["192.0.2.7", "2001:db8::7"]},
    )
    found = {each.key: (each.type, each.value) for each in records(graph).values()}
    assert found["shop"] == ("A", "192.0.2.7")
    assert found["shop-aaaa"] == ("AAAA", "2001:db8::7")


def test_two_addresses_are_named_by_themselves(tmp_path: Path) -> None:
    graph = estate(
        tmp_path, system(), stack="prod", vps={"public_addresses": ["192.0.2.7", "192.0.2.8"]}
    )
    assert {"shop-192-0-2-7", "shop-192-0-2-8"} <= records(graph).keys()


@pytest.mark.parametrize(
    ("name", "type_", "suffix", "expected"),
    [
        ("example.com", "MX", "mail-example-net", "apex-mx-mail-example-net"),
        ("a.b.example.com", "", "", "a-b"),
        ("*.example.com", "", "", "any"),
        ("_dmarc.example.com", "TXT", "v-dmarc1", "dmarc-txt-v-dmarc1"),
    ],
)
def test_keys(name: str, type_: str, suffix: str, expected: str) -> None:
    assert key("example.com", name, type_, suffix) == expected


def test_a_text_that_changes_keeps_its_record(tmp_path: Path) -> None:
    before = records(shop(tmp_path / "a"))
    after = records(shop(tmp_path / "b", POLICY.replace("v=spf1 -all", "v=spf1 mx -all")))
    assert before.keys() == after.keys()
    assert after["apex-txt-v-spf1"].value == '"v=spf1 mx -all"'


def test_two_texts_of_a_kind_have_keys_of_their_own(tmp_path: Path) -> None:
    policy = '    txt: {example.com: ["a=1", "a=2"]}\n'
    keys = [k for k in records(shop(tmp_path, policy)) if "-txt-" in k]
    assert len(set(keys)) == 2


def test_all_keys_differ(tmp_path: Path) -> None:
    found = zone_records(shop(tmp_path), zone_of(shop(tmp_path)))
    assert len({each.key for each in found}) == len(found)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=600))
def test_quoted_texts_say_the_same(value: str) -> None:
    parts = quoted(value)[1:-1].split('" "') if len(value) > 255 else [quoted(value)[1:-1]]
    assert all(len(part.replace("\\\\", "x").replace('\\"', "x")) <= 255 for part in parts)
    if '"' not in value and "\\" not in value:
        assert "".join(parts) == value


def test_settings_are_safe_without_a_word(tmp_path: Path) -> None:
    graph = shop(tmp_path, "    proxied: true\n")
    assert settings(zone_of(graph)) == {
        "0rtt": "off",
        "always_use_https": "on",
        "browser_cache_ttl": 0,
        "http3": "off",
        "min_tls_version": "1.2",
        "security_header": {
            "strict_transport_security": {
                "enabled": False,
                "include_subdomains": False,
                "max_age": 0,
                "nosniff": False,
                "preload": False,
            }
        },
        "ssl": "strict",
        "tls_1_3": "on",
        "websockets": "on",
    }
