"""What names serve, and what it means: certificates, redirects, who is refused from where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graph.live.names import live_names
from graph.live.serving import Certificate, Reply, Seen, judge_serving
from tests.graph.test_records import MESH, made

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GOOD = Certificate(expires=NOW + timedelta(days=60))
LED = Reply(status=308, location="https://a.example.com/")
AT = "systems/shop/system.yaml:8: routes.a.example.com"
GUARDED_AT = "systems/shop/system.yaml:9: routes.a.example.com.access"
SLOW = "no answer in time"


def judged(
    root: Path,
    *,
    certificate: Certificate = GOOD,
    plain: Reply = LED,
    guard: Reply | None = None,
    access: str = "mesh",
) -> list[str]:
    """Write what is found for one name: open to all, or with a guard's reply for its access."""
    routes = "  a.example.com: {to: web/front:8080}"
    if guard is not None:
        routes = f"  a.example.com: {{to: web/front:8080, access: {access}}}"
    mesh = MESH if guard is not None else ""
    names = live_names(made(root, routes=routes, mesh=mesh, mesh_address="100.64.0.1"))
    guarded = {"route:shop/a.example.com": guard} if guard is not None else {}
    seen = {names[0].asked: Seen(certificate=certificate, plain=plain, guarded=guarded)}
    return [f"{f.severity} {f.rule} {f}" for f in judge_serving(names, seen, NOW)]


def test_all_is_well(tmp_path: Path) -> None:
    assert judged(tmp_path) == []


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        (
            Certificate(refused="certificate has expired"),
            f"error live-certificate {AT}: the certificate of a.example.com is not accepted: "
            "certificate has expired; look into the log of the ingress for why it has none; a "
            "private authority's root is accepted with SSL_CERT_FILE",
        ),
        (
            Certificate(expires=NOW + timedelta(days=13, hours=23)),
            f"warning live-certificate {AT}: the certificate of a.example.com ends on 2026-12-05, "
            "in 13 days, and has not been renewed; look into the log of the ingress, or of "
            "certbot, for why",
        ),
        (Certificate(expires=NOW + timedelta(days=14)), ""),
        (
            Certificate(problem="connection refused"),
            f"warning live-unknown {AT}: a.example.com could not be asked over TLS (connection "
            "refused): cannot tell; ask again; if it stays so, see whether port 443 is open from "
            "here and the ingress runs",
        ),
    ],
)
def test_certificates(certificate: Certificate, said: str, tmp_path: Path) -> None:
    assert judged(tmp_path, certificate=certificate) == ([said] if said else [])


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(status=301, location="https://www.example.com/"), ""),
        (Reply(problem="connection refused"), ""),
        (Reply(status=403), ""),
        (Reply(status=200), "answers 200, and does not lead to HTTPS"),
        (
            Reply(status=302, location="http://a.example.com/login"),
            "answers 302 to http://a.example.com/login, and does not lead to HTTPS",
        ),
        # Relative: still in plain text.
        (Reply(status=302, location="/login"), "answers 302 to /login, and does not lead to HTTPS"),
        (Reply(status=404), "answers 404, and does not lead to HTTPS"),
    ],
)
def test_redirects(reply: Reply, said: str, tmp_path: Path) -> None:
    whole = (
        f"error live-redirect {AT}: http://a.example.com {said}; see what listens on port 80; the "
        "ingress of this stack redirects every name"
    )
    assert judged(tmp_path, plain=reply) == ([whole] if said else [])


OPEN_TO = "answers 200 to {local}, which is not admitted; see what stands before the ingress"
NOT_KNOWN = "answers 200 here, and the address that this machine is seen with is not known"


@pytest.mark.parametrize(
    ("reply", "access", "said"),
    [
        (Reply(status=403, local="192.0.2.99"), "mesh", ""),
        (Reply(problem=SLOW), "mesh", ""),
        (Reply(status=521, local="192.0.2.99"), "mesh", ""),
        (Reply(status=200, local="192.0.2.99"), "mesh", OPEN_TO),
        # A password is asked for by what stands behind the guard.
        (Reply(status=401, local="192.0.2.99"), "mesh", OPEN_TO.replace("200", "401")),
        (Reply(status=502, local="2001:db8::9"), "mesh", OPEN_TO.replace("200", "502")),
        # A member.
        (Reply(status=200, local="100.64.0.7"), "mesh", ""),
        # Behind NAT: certainly no member of the mesh, but who knows with which public address.
        (Reply(status=200, local="10.0.0.5"), "mesh", OPEN_TO),
        (Reply(status=200, local="10.0.0.5"), "{allow: [198.51.100.0/24]}", NOT_KNOWN),
        (Reply(status=200, local="198.51.100.9"), "{allow: [198.51.100.0/24]}", ""),
        (Reply(status=200, local="203.0.113.9"), "{allow: [198.51.100.0/24]}", OPEN_TO),
        (Reply(status=200), "mesh", NOT_KNOWN),
    ],
)
def test_who_is_refused(reply: Reply, access: str, said: str, tmp_path: Path) -> None:
    found = judged(tmp_path, guard=reply, access=access)
    severity = "warning live-unknown" if said == NOT_KNOWN else "error live-open"
    said = said.format(local=reply.local)
    assert [text[: len(f"{severity} {GUARDED_AT}: a.example.com {said}")] for text in found] == (
        [f"{severity} {GUARDED_AT}: a.example.com {said}"] if said else []
    )


def test_silence_everywhere_proves_no_guard(tmp_path: Path) -> None:
    silent = Reply(problem=SLOW)
    said = judged(tmp_path, certificate=Certificate(problem=SLOW), plain=silent, guard=silent)
    assert said == [
        f"warning live-unknown {GUARDED_AT}: a.example.com did not answer, and nothing else did "
        "(no answer in time): cannot tell whether it refuses; ask again from where the stack can "
        "be reached"
    ]


def test_no_time_to_ask_a_guard_is_no_refusal(tmp_path: Path) -> None:
    routes = """\
  a.example.com: {to: web/front:8080}
  b.example.com: {to: web/front:8080, access: mesh}"""
    names = live_names(made(tmp_path, routes=routes, mesh=MESH, mesh_address="100.64.0.1"))
    seen = {
        "a.example.com": Seen(certificate=GOOD, plain=LED, guarded={}),
        "b.example.com": Seen.nothing(["route:shop/b.example.com"]),
    }
    (finding,) = judge_serving(names, seen, NOW)
    assert finding.fact == (
        "b.example.com did not answer (there was no time to ask): cannot tell whether it refuses"
    )


def test_what_was_not_visited_is_not_judged(tmp_path: Path) -> None:
    assert list(judge_serving(live_names(made(tmp_path)), {}, NOW)) == []
