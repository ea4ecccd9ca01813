"""`stackgraph check --live`: what is printed, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import dns.rcode
import pytest

from cli.live import dns_client
from tests.support.dns_server import dns_server
from tests.workspace import SHOP, shop, stackgraph

# A name that no route serves: nothing but DNS is asked for it.
ZONE = "{provider: external, records: {sip.example.com: {host: vps, purpose: SIP}}}"
SYSTEM = SHOP["systems/shop/system.yaml"]
FILES = {
    "system.yaml": SYSTEM.partition("routes:")[0].replace("{provider: external}", ZONE),
    "Pulumi.prod.yaml": SHOP["Pulumi.prod.yaml"],
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_client, "LIFETIME_SECONDS", 0.5)


def without_live(root: Path) -> str:
    return stackgraph(root, "check", "--stack", "prod").out


@pytest.mark.parametrize(
    ("zone", "exit_code", "said"),
    [
        ("sip A 192.0.2.10", 0, ""),
        (
            "sip A 203.0.113.66",
            1,
            "error live-elsewhere systems/shop/system.yaml:10: "
            "zones.example.com.records.sip.example.com: sip.example.com leads to 203.0.113.66, and "
            "should to 192.0.2.10; let the owner of example.com set sip.example.com to A "
            "192.0.2.10\n",
        ),
    ],
)
def test_what_dns_answers(zone: str, exit_code: int, said: str, tmp_path: Path) -> None:
    root = shop(tmp_path, FILES)
    before = without_live(root)
    with dns_server("example.com", f"$TTL 300\n{zone}\n") as server:
        answer = stackgraph(root, "check", "--stack", "prod", "--live", "--resolver", server)
    assert answer.out.replace(said, "") == before
    assert said in answer.out
    assert answer.exit_code == (exit_code or (1 if before else 0))
    assert "1 of 1 names answered" in answer.err


def test_nobody_answered(tmp_path: Path) -> None:
    failing = {"sip.example.com": dns.rcode.SERVFAIL}
    with dns_server("example.com", "$TTL 300\n", failing) as server:
        answer = stackgraph(
            shop(tmp_path, FILES), "check", "--stack", "prod", "--live", "--resolver", server
        )
    assert answer.exit_code == 2
    assert "warning live-unknown" in answer.out
    assert "0 of 1 names answered" in answer.err


def test_a_host_that_the_stack_makes(tmp_path: Path) -> None:
    prod = FILES["Pulumi.prod.yaml"].replace("address: 192.0.2.10, ", 'address: "", ')
    root = shop(tmp_path, {**FILES, "Pulumi.prod.yaml": prod})
    with dns_server("example.com", "$TTL 300\nsip A 203.0.113.5\n") as server:
        given = ("check", "--stack", "prod", "--live", "--resolver", server)
        unknown = stackgraph(root, *given)
        known = stackgraph(root, *given, "--address", "vps=203.0.113.5")
    assert "give --address vps=ADDRESS" in unknown.out
    assert "live-" not in known.out


def test_dev_has_nothing_to_ask_for(tmp_path: Path) -> None:
    answer = stackgraph(shop(tmp_path, FILES), "check", "--live", "--resolver", "127.0.0.1:9")
    assert answer.exit_code == 2
    assert "stack dev has no names in public DNS to ask for; see --stack prod" in answer.err


def test_options_that_are_wrong(tmp_path: Path) -> None:
    root = shop(tmp_path, FILES)
    answer = stackgraph(root, "check", "--stack", "prod", "--live", "--resolver", "dns")
    assert answer.exit_code == 2
    assert "--resolver dns is no address of a server" in answer.out


@pytest.mark.parametrize("format_", ["json", "sarif"])
def test_other_formats(format_: str, tmp_path: Path) -> None:
    with dns_server("example.com", "$TTL 300\n") as server:
        answer = stackgraph(
            shop(tmp_path, FILES),
            *("check", "--stack", "prod", "--live", "--resolver", server, "--format", format_),
        )
    assert "live-missing" in answer.out
    data = json.loads(answer.out)
    if format_ == "sarif":
        rules = {r["id"]: r for r in data["runs"][0]["tool"]["driver"]["rules"]}
        said = rules["live-missing"]["shortDescription"]["text"]
        assert said == "DNS knows every name of the stack"


@pytest.mark.parametrize(
    ("option", "value"), [("--resolver", "192.0.2.53"), ("--address", "vps=192.0.2.10")]
)
def test_what_is_for_live_alone_is_not_passed_over(option: str, value: str, tmp_path: Path) -> None:
    answer = stackgraph(shop(tmp_path, FILES), "check", option, value)
    said = f"{option} is for --live, which is not given; add --live, or remove {option}\n"
    assert (answer.exit_code, answer.out, answer.err) == (2, "", said)
