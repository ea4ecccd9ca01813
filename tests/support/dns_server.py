"""A DNS server on loopback: answers from a zone's text over UDP, or fails as it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone


@contextmanager
def dns_server(
    origin: str, zone: str, failing: Mapping[str, dns.rcode.Rcode | None] | None = None
) -> Iterator[str]:
    """Serve a zone, and give ``ADDRESS:PORT``.

    ``failing`` are names that are answered with a code, or with None not at all.
    """
    records = dns.zone.from_text(zone, origin=origin, check_origin=False, relativize=False)
    special = {dns.name.from_text(name): code for name, code in (failing or {}).items()}
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))
    stopping = threading.Event()

    def serve() -> None:
        while not stopping.is_set():
            wire, caller = listening.recvfrom(4096)
            query = dns.message.from_wire(wire)
            name = query.question[0].name
            if name in special:
                code = special[name]
                if code is not None:
                    response = dns.message.make_response(query)
                    response.set_rcode(code)
                    listening.sendto(response.to_wire(), caller)
                continue
            listening.sendto(_answer(records, query).to_wire(), caller)

    def quietly() -> None:
        with suppress(OSError):
            serve()

    thread = threading.Thread(target=quietly, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stopping.set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            question = dns.message.make_query("end.test", "A").to_wire()
            last.sendto(question, listening.getsockname())
        thread.join(5)
        listening.close()


def _answer(records: dns.zone.Zone, query: dns.message.Message) -> dns.message.Message:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.AA | dns.flags.RA
    (question,) = query.question
    name = question.name
    while True:
        node = records.get_node(name)
        if node is None:
            if not any(each.is_subdomain(name) for each in records.nodes):
                response.set_rcode(dns.rcode.NXDOMAIN)
            return response
        alias = node.get_rdataset(question.rdclass, dns.rdatatype.CNAME)
        found = node.get_rdataset(question.rdclass, question.rdtype) or alias
        if found is None:
            return response
        response.answer.append(dns.rrset.from_rdata_list(name, found.ttl, list(found)))
        if found is not alias or question.rdtype == dns.rdatatype.CNAME:
            return response
        name = alias[0].target
