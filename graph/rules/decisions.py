"""What is done about each row of the incident catalogue: a rule, a construction, or nothing.

A row that a rule covers is not listed here: the registry of rules says so itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from graph.rules import RULES
from graph.rules.incidents import INCIDENTS, IncidentClass


@dataclass(frozen=True, slots=True)
class Ruled:
    """A live rule finds it: the rule's id, which may be another row's."""

    rule: str


@dataclass(frozen=True, slots=True)
class Prevented:
    """It cannot happen: how that is, and a test that shows it (``tests/…/test_x.py::test_y``)."""

    how: str
    test: str


@dataclass(frozen=True, slots=True)
class OutOfScope:
    """Nothing is done about it, and why not."""

    reason: str


Decision: TypeAlias = Ruled | Prevented | OutOfScope


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A row of the catalogue with what is done about it."""

    id: str
    kind: IncidentClass
    incident: str
    decision: Decision


_CADDY = "tests/render/test_caddy_live.py"
_OPTIONS = "tests/render/test_caddy_options_live.py"
_FILES = "tests/config/test_bad_input.py::test_whole_answer"
_HERE = "tests/graph/test_prevented.py"
_HANDOVER = "tests/render/test_handover.py"
_DYNIQ = "tests/engine/test_dyniq.py"
_CHANGES = "tests/engine/test_changes.py"
_CONTAINER = "tests/components/test_container.py"
_NO_BACKUP_SCRIPT = OutOfScope("no backup script is made yet: backups are described and judged")

UNRULED: Mapping[str, Prevented | OutOfScope] = {
    "R04": Prevented(
        "access stands in a route block, where Caddy keeps the order, once for each path",
        f"{_CADDY}::test_a_guard_stays_with_its_path",
    ),
    "R05": Prevented(
        "HTTP/3 is off and 443/udp is not published, so callers keep their addresses",
        f"{_CADDY}::test_no_http_3_is_advertised",
    ),
    "R08": Prevented(
        "the Caddyfile is written from a tree by one function that quotes each token",
        "tests/render/test_caddyfile.py::test_tokens_survive",
    ),
    "R13": Prevented(
        "error pages are by status and class, each for the route that has them; what refuses "
        "somebody is no error of the service",
        f"{_OPTIONS}::test_error_pages_are_of_their_route",
    ),
    "R19": Prevented(
        "the ingress alone answers for CORS; every origin with credentials is refused (case "
        "route-cors)",
        _FILES,
    ),
    "N01": Prevented(
        "an app's networks are made once, by the program, under Compose's own labels; external "
        "ones are never made",
        f"{_HERE}::test_a_network_has_one_owner_and_the_labels_of_compose",
    ),
    "N09": Prevented(
        "names on the host follow from the app's key, never from a directory",
        "tests/graph/test_build.py::test_physical_names",
    ),
    "N12": Prevented(
        "who asks for it (depends_on with restart) is restarted when what it calls is replaced",
        f"{_HANDOVER}::test_restarts_with_a_dependency_that_started_later",
    ),
    "N15": Prevented(
        "each service is replaced by itself, its image there before anything stops; where the new "
        "container fails, the old one serves on or comes back",
        f"{_HANDOVER}::test_start_first_that_fails_is_not_noticed",
    ),
    "P03": Prevented(
        "the firewall is made from reach, and stands before Docker's own: published ports obey it",
        "tests/hosts/test_firewall.py::test_published_ports_obey_it",
    ),
    "P08": Prevented(
        "the port of SSH is configured once, for the host and for all who call it; while it moves, "
        "both answer, and whoever sets the host up tries both",
        "tests/engine/test_hosts.py::test_from_bare_to_ready_in_one_go",
    ),
    "P12": Prevented(
        "rules are swapped whole, and undone by the host itself unless a new connection confirms",
        "tests/hosts/test_firewall.py::test_a_change_that_would_cut_ssh_undoes_itself",
    ),
    "D09": Prevented(
        "each container is made from an image that the same program pulls or builds first",
        f"{_HERE}::test_every_container_comes_from_an_image_of_the_program",
    ),
    "D10": Prevented(
        "the tag of a built image is a hash of what it is built from",
        "tests/graph/test_build.py::test_the_tag_of_a_built_image_is_its_content",
    ),
    "H10": Prevented(
        "whoever depends on a service comes after its handover, not after its creation",
        f"{_CONTAINER}::test_dependencies_wait_for_the_handover",
    ),
    "H11": Prevented(
        "what others wait for until it has completed is a job: done when it exits with 0",
        "tests/graph/test_handover.py::test_a_job_must_complete",
    ),
    "F09": Prevented(
        "files are put into the container, readable for whatever user it runs as; env files are "
        "read here and none is left on the host",
        "tests/graph/test_build.py::test_secrets_stay_references",
    ),
    "F15": OutOfScope("which files the services of an application exchange is not described"),
    "S01": Prevented(
        "the environment is part of the container, so a changed value replaces it",
        "tests/engine/test_ssh.py::test_a_rotated_secret_replaces_who_uses_it",
    ),
    "S03": Prevented(
        "a secret or variable without a value stops the deploy, by name and with the command "
        "that sets it (case stack-values-missing)",
        _FILES,
    ),
    "S05": OutOfScope("which services need the same flag only their makers know"),
    "S06": Prevented(
        "compose files may only use names that system.yaml declares (case variable-missing)",
        _FILES,
    ),
    "S09": Prevented(
        "secrets stay secrets from the configuration into the state, and no preview shows them",
        f"{_CONTAINER}::test_secrets_are_secrets_wherever_they_go",
    ),
    "S11": Prevented(
        "a secret is refused anywhere but in environment and files (case secret-in-plain-sight)",
        _FILES,
    ),
    "S12": OutOfScope("a graph is one moment: that a value changed only a preview can tell"),
    "S13": Prevented(
        "a secret is part of each container that uses it, so a new value replaces them",
        "tests/engine/test_ssh.py::test_a_rotated_secret_replaces_who_uses_it",
    ),
    "S14": Prevented(
        "a secret is declared once in its system; services refer to it by name",
        f"{_HERE}::test_services_share_one_secret_by_its_name",
    ),
    "S18": _NO_BACKUP_SCRIPT,
    "S19": OutOfScope("what an application's pages say is not described"),
    "B02": _NO_BACKUP_SCRIPT,
    "B06": _NO_BACKUP_SCRIPT,
    "B07": _NO_BACKUP_SCRIPT,
    "B09": _NO_BACKUP_SCRIPT,
    "B12": OutOfScope("no restore command is made yet"),
    "B14": Prevented(
        "who copies a backup, where to and when is part of the description; a name that stands "
        "for nothing is refused",
        f"{_HERE}::test_a_backup_is_copied_by_something_that_is_described",
    ),
    "B18": Prevented(
        "a job makes the bucket, and the app waits until it has",
        "tests/graph/test_systems.py::test_dyniq_start_order",
    ),
    "V06": Prevented(
        "where certificates are proven over DNS, the resolvers that are asked are named",
        "tests/render/test_caddy_tls.py::test_over_dns",
    ),
    "V11": Prevented(
        "a route leads to a service, process or site of the system, never to an address",
        f"{_HERE}::test_a_route_leads_to_no_address",
    ),
    "V13": Prevented(
        "check --live asks for the names that routes and records have, and for no others",
        "tests/graph/live/test_names.py::test_names_that_are_asked_for",
    ),
    "V14": Prevented(
        "which proxy a host has and what keeps a process running is said for each of them",
        f"{_HERE}::test_each_host_says_which_proxy_and_each_process_who_keeps_it",
    ),
    "M06": OutOfScope("expressions of alerts are the monitoring application's own files"),
    "M08": OutOfScope("how often a notifier repeats itself is its own setting"),
    "M10": OutOfScope("what a probe inside of an application calls is not described"),
    "K03": Prevented(
        "a deploy waits until each new container shows that it works, and fails with its last "
        "words if it does not",
        f"{_HANDOVER}::test_unhealthy_says_what_the_check_said",
    ),
    "K05": Prevented(
        "an app's containers, networks and routes are its own resources and go with it; data is "
        "kept on prod",
        f"{_CHANGES}::test_an_app_goes_with_all_that_is_its_own",
    ),
    "K08": Prevented(
        "the preview after a deploy is empty",
        f"{_DYNIQ}::test_the_next_preview_is_empty",
    ),
    "K09": OutOfScope("which version migrates its data, and how, is not described"),
    "K10": Prevented(
        "the way back is the former description, deployed like any other; a failed update goes "
        "back by itself",
        f"{_DYNIQ}::test_a_bad_update_leaves_the_old_one_serving_and_a_good_one_heals",
    ),
    "K11": Prevented(
        "an app has one compose file; stacks differ in values only",
        f"{_HERE}::test_an_app_has_one_compose_file",
    ),
    "K13": Prevented(
        "no checkout is copied to a host: an image is pulled, or built from the one directory "
        "that the app names, and files go in one by one (case volumes-relative-bind)",
        _FILES,
    ),
    "A02": OutOfScope("what an application wants in its database only its makers know"),
    "A03": OutOfScope("of what an image contains only some tools are known"),
    "A04": Prevented(
        "what is rendered is UTF-8 with LF ends, and files of another encoding are refused; the "
        "line ends of a config's own file are kept",
        f"{_HERE}::test_what_is_rendered_is_utf_8_with_plain_line_ends",
    ),
}


def ruled() -> dict[str, str]:
    """Give the id of the rule that covers each row, from the registry."""
    return {row: rule.id for rule in RULES for row in (rule.id, *rule.also) if row in INCIDENTS}


def undecided() -> tuple[str, ...]:
    """Name the rows that no rule covers and that are not listed either."""
    covered = {*ruled(), *UNRULED}
    return tuple(id_ for id_ in INCIDENTS if id_ not in covered)


def decisions() -> tuple[Decided, ...]:
    """Give what is done about each row that is decided, in the catalogue's order."""
    rules = ruled()
    table: dict[str, Decision] = {**UNRULED, **{row: Ruled(id_) for row, id_ in rules.items()}}
    return tuple(
        Decided(id=id_, kind=incident.kind, incident=incident.what, decision=table[id_])
        for id_, incident in INCIDENTS.items()
        if id_ in table
    )
