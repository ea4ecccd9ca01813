"""Hosts, names and services that are others than before."""

from __future__ import annotations

from typing import Any

from graph.summary.model import HostFacts, RouteFacts, Summary
from tests.preview.risk.making import HOST, INSTANCE, ROUTES, both, step, summary, urn_of


def test_a_provider_that_goes_with_its_machine_is_told_with_it() -> None:
    all_ = summary(hosts={"s-one": HOST})
    machine = step("replace", INSTANCE, "s-one", {"shape": "a"}, {"shape": "b"}, reasons=("shape",))
    type_ = "pulumi:providers:docker"
    with_it = {"replace_with": (urn_of(INSTANCE, "s-one"),)}
    provider = step("replace", type_, "s-one", {"host": "a"}, {"host": "b"}, was=with_it)
    assert not [line for line in both(all_, all_, machine, provider) if "provider" in line]
    alone = step("replace", type_, "s-one", {"host": "a"}, {"host": "b"}, reasons=("host",))
    assert both(all_, all_, alone)[0] == (
        "identity: the docker provider of one is another one: what it manages is taken to be "
        "elsewhere"
    )


def test_hosts_that_are_others() -> None:
    def host(**facts: Any) -> Summary:
        return Summary(hosts={"s-one": HostFacts(**{**HOST.model_dump(), **facts})})

    assert both(host(address="192.0.2.1"), host(address="192.0.2.2")) == [
        "identity: host one has another address: 192.0.2.2, and had 192.0.2.1"
    ]
    assert both(host(), Summary()) == ["identity: host one is no longer described"]
    assert both(Summary(), host()) == []
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHTiF91OONONJ9vDa584pVTcdZ4sbCpckx2qVH+WRIQ2"
    found = both(host(), host(host_key=key))
    assert found[0].startswith("identity: host one has another SSH host key: SHA256:")


def test_names_and_routes_that_lead_elsewhere() -> None:
    before = Summary(names={"sip.example.com": "one"}, routes=ROUTES)
    moved = Summary(names={"sip.example.com": "two"}, routes=ROUTES)
    assert both(before, moved) == ["identity: sip.example.com leads to two, and led to one"]
    assert both(before, Summary(routes=ROUTES)) == [
        "identity: sip.example.com leads nowhere, and led to one"
    ]
    other = {"shop.example.com": RouteFacts(to="app/other", ingress="s-one-ingress")}
    assert both(Summary(routes=ROUTES), Summary(routes=other)) == [
        "identity: shop.example.com leads to app/other, and led to app/web"
    ]
    assert both(Summary(), before) == []
