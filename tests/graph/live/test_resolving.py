"""DNS's answers and what they mean: as declared, a finding, or cannot tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from config.finding import Severity
from graph.live.names import LiveName, live_names
from graph.live.resolving import Answer, Caa, Status, judge_answers, live_notes
from graph.model import StackGraph
from tests.graph.live.test_names import found
from tests.graph.test_records import MESH, made

AT = "systems/shop/system.yaml:8: routes.a.example.com"
OWN = "192.0.2.10"
MISSING, FAILED = Answer(status=Status.MISSING), Answer(status=Status.FAILED, problem="SERVFAIL")
PROXIED = "{provider: cloudflare, proxied: true}"
MEMBERS = "  a.example.com: {to: web/front:8080, access: mesh}"
OWNER = "let the owner of example.com (us) set a.example.com to"
AGAIN = "run pulumi up, with --refresh where somebody has changed it by hand"


def judged(graph: StackGraph, answer: Answer, caa: Caa | None = None, **more: Answer) -> list[str]:
    """Write what is found when DNS answers for the one name: severity, id and text."""
    names = live_names(graph)
    answers = {names[0].asked: answer, **{k.replace("_", "."): v for k, v in more.items()}}
    authorities = {name.asked: caa or Caa() for name in names}
    findings = judge_answers(graph, names, answers, authorities)
    return [f"{f.severity} {f.rule} {f}" for f in findings]


def test_as_declared(tmp_path: Path) -> None:
    assert judged(made(tmp_path), found(OWN)) == []
    both = made(tmp_path, public_addresses=[OWN, "2001:db8::1"])
    assert judged(both, found("2001:db8::1", OWN)) == []
    assert judged(made(tmp_path, zone=PROXIED), found("104.16.0.1", "2606:4700::1")) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            MISSING,
            f"error live-missing {AT}: DNS does not know a.example.com; {OWNER} A 192.0.2.10",
        ),
        (
            found(),
            f"error live-missing {AT}: DNS has no address for a.example.com; {OWNER} A 192.0.2.10",
        ),
        (
            FAILED,
            f"warning live-unknown {AT}: DNS did not answer for a.example.com (SERVFAIL): cannot "
            "tell; ask again, or another server with --resolver",
        ),
        (
            found("203.0.113.66"),
            f"error live-elsewhere {AT}: a.example.com leads to 203.0.113.66, and should to "
            f"192.0.2.10; {OWNER} A 192.0.2.10",
        ),
        (
            found("203.0.113.66", OWN),
            f"error live-elsewhere {AT}: a.example.com leads to 203.0.113.66, and should to "
            f"192.0.2.10; {OWNER} A 192.0.2.10",
        ),
        (
            found("104.16.0.1"),
            f"error live-elsewhere {AT}: a.example.com leads to 104.16.0.1, which is Cloudflare's: "
            f"it is proxied, and should to 192.0.2.10; {OWNER} A 192.0.2.10",
        ),
        (
            found(OWN, "2001:db8::66"),
            f"error live-undeclared {AT}: a.example.com has AAAA 2001:db8::66, which nobody "
            "declared: callers with IPv6 go there; remove the record, or add the address to the "
            "host's public_addresses",
        ),
    ],
)
def test_an_external_name(answer: Answer, said: str, tmp_path: Path) -> None:
    assert judged(made(tmp_path), answer) == [said]


def test_one_of_two_addresses_is_not_enough(tmp_path: Path) -> None:
    both = made(tmp_path, public_addresses=[OWN, "2001:db8::1"])
    assert judged(both, found(OWN)) == [
        f"error live-elsewhere {AT}: a.example.com does not lead to 2001:db8::1, and to "
        f"192.0.2.10 only; {OWNER} A 192.0.2.10 and AAAA 2001:db8::1"
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            found(OWN),
            f"error live-exposed {AT}: a.example.com is to be proxied, and answers with its host's "
            f"own address 192.0.2.10: whoever asks goes past Cloudflare; {AGAIN}",
        ),
        (
            found("203.0.113.66", "104.16.0.1"),
            f"error live-elsewhere {AT}: a.example.com leads to 203.0.113.66, and should to "
            f"Cloudflare, which proxies it; {AGAIN}",
        ),
        (MISSING, f"error live-missing {AT}: DNS does not know a.example.com; {AGAIN}"),
    ],
)
def test_a_proxied_name(answer: Answer, said: str, tmp_path: Path) -> None:
    assert judged(made(tmp_path, zone=PROXIED), answer) == [said]


def test_a_host_whose_address_is_not_known(tmp_path: Path) -> None:
    routes = "  a.example.com: {to: web/front:8080}\n  b.example.com: {to: web/front:8080}"
    graph = made(tmp_path, routes=routes, mesh=MESH, address="100.64.0.1")
    names = live_names(graph)
    answers = {"a.example.com": found("203.0.113.5"), "b.example.com": MISSING}
    caa = {name.asked: Caa() for name in names}
    assert [f"{f.rule} {f}" for f in judge_answers(graph, names, answers, caa)] == [
        "live-missing systems/shop/system.yaml:10: routes.b.example.com: DNS does not know "
        "b.example.com; let the owner of example.com (us) set b.example.com to the address of its "
        "host",
        "live-unknown systems/shop/system.yaml:2: hosts.vps: where names of host vps should lead "
        "is not known here (a.example.com leads to 203.0.113.5): cannot tell; give --address "
        "vps=ADDRESS, as pulumi stack output tells it",
    ]


def members(root: Path, ingress: str) -> StackGraph:
    return made(root, routes=MEMBERS, mesh=MESH, ingress=ingress, mesh_address="100.64.0.1")


@pytest.mark.parametrize("answer", [MISSING, found(), found("100.64.0.1"), found("10.0.0.1")])
def test_a_name_for_the_mesh_is_in_no_public_dns(answer: Answer, tmp_path: Path) -> None:
    assert judged(members(tmp_path, ", certificates: internal"), answer) == []


def test_a_name_for_the_mesh_with_a_public_address(tmp_path: Path) -> None:
    at = AT.replace(":8:", ":9:")
    assert judged(members(tmp_path, ", certificates: internal"), found(OWN)) == [
        f"warning live-mesh {at}: a.example.com is for the mesh, and public DNS leads it to "
        "192.0.2.10; remove the record from public DNS, or declare it under records of its zone"
    ]
    # Declared, because its certificate is proven there.
    assert judged(members(tmp_path, ""), found(OWN)) == []


def test_asked_from_inside_of_the_mesh(tmp_path: Path) -> None:
    graph = members(tmp_path, "")
    answers = {"a.example.com": found("100.64.0.1")}
    assert judged(graph, answers["a.example.com"]) == []
    assert list(live_notes(live_names(graph), answers, resolver=None)) == [
        "a.example.com answered with an address in the mesh: this machine's DNS is the mesh's; "
        "what the public sees was not asked, a public resolver with --resolver 1.1.1.1 tells"
    ]


def test_an_alias_is_followed(tmp_path: Path) -> None:
    graph = made(tmp_path, address="vps.example.net")
    assert judged(graph, found("203.0.113.5", aliases=("vps.example.net",))) == []
    # Some providers write the addresses of the other name themselves.
    assert judged(graph, found("203.0.113.5"), vps_example_net=found("203.0.113.5")) == []
    (said,) = judged(graph, found("203.0.113.66"), vps_example_net=found("203.0.113.5"))
    assert "leads to 203.0.113.66, and should to 203.0.113.5" in said
    (said,) = judged(graph, found("203.0.113.66"))
    assert "should to vps.example.net" in said


@pytest.mark.parametrize(
    ("caa", "wrong"),
    [
        (Caa(), ""),
        (Caa(at="example.com", records=((0, "issue", "letsencrypt.org"),)), ""),
        (
            Caa(at="example.com", records=((0, "issue", "LetsEncrypt.org; validationmethods=x"),)),
            "",
        ),
        (Caa(at="example.com", records=((0, "iodef", "mailto:a@example.com"),)), ""),
        (
            Caa(
                at="example.com", records=((0, "issue", "a.test"), (0, "issue", "letsencrypt.org"))
            ),
            "",
        ),
        # For wildcards only.
        (Caa(at="example.com", records=((0, "issuewild", ";"),)), ""),
        (
            Caa(at="example.com", records=((0, "issue", "pki.goog"),)),
            "error live-caa {at}: CAA of example.com admits 'pki.goog' only, and the ingress asks "
            "letsencrypt.org for the certificate of a.example.com; add CAA 0 issue "
            '"letsencrypt.org" to example.com',
        ),
        (Caa(at="example.com", records=((0, "issue", ";"),)), "error live-caa {at}: CAA of"),
        (
            Caa(at="example.com", records=((128, "tbs", "x"),)),
            "error live-caa {at}: CAA of example.com has 'tbs', which is critical and which no "
            "issuer knows: none issues the certificate of a.example.com; remove it from "
            "example.com",
        ),
        (
            Caa(problem="no answer in time"),
            "warning live-unknown {at}: DNS did not tell which issuers a.example.com admits, CAA "
            "(no answer in time): cannot tell; ask again, or another server with --resolver",
        ),
    ],
)
def test_who_may_issue(caa: Caa, wrong: str, tmp_path: Path) -> None:
    said = judged(made(tmp_path), found(OWN), caa)
    assert [text[: len(wrong.format(at=AT))] for text in said] == (
        [wrong.format(at=AT)] if wrong else []
    )


def test_what_was_not_asked_in_time_cannot_be_told(tmp_path: Path) -> None:
    graph = made(tmp_path)
    (finding,) = judge_answers(graph, live_names(graph), {}, {})
    assert (finding.rule, finding.severity) == ("live-unknown", Severity.WARNING)
    assert "there was no time to ask" in finding.fact


def test_an_issuer_that_was_not_asked_for_in_time(tmp_path: Path) -> None:
    graph = made(tmp_path)
    (finding,) = judge_answers(graph, live_names(graph), {"a.example.com": found(OWN)}, {})
    assert "admits, CAA (there was no time to ask): cannot tell" in finding.fact


def notes(name: LiveName, ttl: int) -> list[str]:
    answer = replace(found(OWN), ttl=ttl)
    return list(live_notes([name], {name.asked: answer}, resolver=None))


def test_a_ttl_that_is_far_off_is_a_note(tmp_path: Path) -> None:
    (name,) = live_names(made(tmp_path))
    assert notes(name, 3600) == []  # caches and round numbers
    assert notes(name, 86_400) == [
        "a.example.com is remembered for 86400 s, and 300 s are declared: a new address would take "
        "that long"
    ]
