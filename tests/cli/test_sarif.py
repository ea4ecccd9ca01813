"""`stackgraph check --format sarif`: what code scanning makes annotations from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.sarif import OF_FILES, SCHEMA, findings_sarif
from config.finding import Finding, Severity, Source
from graph.rules import RULES
from graph.waivers import EXPIRED, UNUSED
from tests.workspace import SHOP, shop, stackgraph

UNKNOWN = SHOP["systems/shop/system.yaml"].replace("web/front", "web/frnt")
BROKEN = {"web.compose.yaml": "services: {front: {image: a, imge: x, ports: ['80']}}\n"}


def finding(fact: str = "fact", **changed: Any) -> Finding:
    values = {"rule": "R02", "source": Source("systems/a/system.yaml", 3, "b.c")}
    return Finding(**{**values, "fact": fact, "remedy": "remedy", **changed})


def results(*findings: Finding) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(findings_sarif(findings))["runs"][0]["results"]
    return found


def test_a_whole_log(tmp_path: Path) -> None:
    root = shop(tmp_path, {"system.yaml": UNKNOWN})
    answer = stackgraph(root, "check", "--format", "sarif", "--severity", "error")
    assert (answer.exit_code, answer.err) == (1, "")
    log = json.loads(answer.out)
    driver = log["runs"][0]["tool"]["driver"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", driver.pop("semanticVersion"))
    (result,) = log["runs"][0]["results"]
    fingerprint = result.pop("partialFingerprints")
    assert list(fingerprint) == ["stackgraph/v1"]
    assert re.fullmatch(r"[0-9a-f]{32}:1", fingerprint["stackgraph/v1"])
    assert log == {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "stackgraph",
                        "rules": [
                            {
                                "id": "R09",
                                "shortDescription": {
                                    "text": "Every name refers to something that is declared"
                                },
                            }
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    {
                        "ruleId": "R09",
                        "ruleIndex": 0,
                        "level": "error",
                        "message": {
                            "text": "routes.shop.example.com.to: unknown service 'web/frnt'; did "
                            "you mean 'web/front'? valid: web/front"
                        },
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {
                                        "uri": "systems/shop/system.yaml",
                                        "uriBaseId": "%SRCROOT%",
                                    },
                                    "region": {"startLine": 12},
                                }
                            }
                        ],
                    }
                ],
            }
        ],
    }


def test_nothing_found(tmp_path: Path) -> None:
    answer = stackgraph(shop(tmp_path), "check", "--format", "sarif", "--severity", "error")
    assert (answer.exit_code, answer.err) == (0, "")
    run = json.loads(answer.out)["runs"][0]
    # An empty list, which closes what was open before: not a missing one.
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])


def test_rules_are_named_once_and_found_by_their_index() -> None:
    found = [finding("a"), finding("b", rule="yaml"), finding("c")]
    run = json.loads(findings_sarif(found))["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["R02", "yaml"]
    assert [rules[each["ruleIndex"]] for each in run["results"]] == ["R02", "yaml", "R02"]
    assert [each["ruleId"] for each in run["results"]] == ["R02", "yaml", "R02"]


def test_levels() -> None:
    assert [each["level"] for each in results(*(finding(severity=s) for s in Severity))] == [
        "error",
        "warning",
    ]


@pytest.mark.parametrize(
    ("file", "location"),
    [
        ("Pulumi.dev.yaml", {"uri": "Pulumi.dev.yaml", "uriBaseId": "%SRCROOT%"}),
        (
            "systems/a shop/100%.yaml",
            {"uri": "systems/a%20shop/100%25.yaml", "uriBaseId": "%SRCROOT%"},
        ),
        ("/srv/a shop/system.yaml", {"uri": "file:///srv/a%20shop/system.yaml"}),
    ],
)
def test_files_are_uris(file: str, location: dict[str, str]) -> None:
    (result,) = results(finding(source=Source(file, 7, "")))
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": location, "region": {"startLine": 7}}
    assert result["message"] == {"text": "fact; remedy"}


# --- what a finding is known by


def prints(found: list[dict[str, Any]]) -> list[str]:
    return [each["partialFingerprints"]["stackgraph/v1"] for each in found]


def test_lines_that_move_change_no_fingerprint(tmp_path: Path) -> None:
    seen = []
    for above in ("", "# one more line\n\n"):
        root = shop(tmp_path / str(len(above)), {**BROKEN, "system.yaml": above + UNKNOWN})
        text = stackgraph(root, "check", "--format", "sarif").out
        found = json.loads(text)["runs"][0]["results"]
        seen.append((prints(found), [each["locations"] for each in found]))
    assert seen[0][0] == seen[1][0]
    assert seen[0][1] != seen[1][1]


def test_each_finding_has_its_own() -> None:
    elsewhere = Source("systems/a/other.yaml", 3, "b.c")
    others = [
        *(finding(), finding("other"), finding(rule="R01"), finding(source=elsewhere)),
        finding(source=Source("systems/a/system.yaml", 3, "b.d")),
    ]
    again = [finding(source=Source("systems/a/system.yaml", line, "b.c")) for line in (4, 5)]
    found = prints(results(*others, *again))
    assert len(set(found)) == len(found)
    # What is said twice at one path is counted.
    assert [each.rpartition(":")[2] for each in found] == ["1"] * 5 + ["2", "3"]
    assert len({each.partition(":")[0] for each in (found[0], *found[5:])}) == 1


def test_a_remedy_in_better_words_is_no_other_finding() -> None:
    assert prints(results(finding())) == prints(results(finding(remedy="better")))


# --- what the text says, too


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"system.yaml": UNKNOWN},
        BROKEN,
        {"system.yaml": "hosts: ["},
        {"Pulumi.dev.yaml": "config: []\n"},
        {"system.yaml": UNKNOWN, **BROKEN},
    ],
)
def test_exit_codes_and_findings_are_those_of_the_text(
    files: dict[str, str | bytes], tmp_path: Path
) -> None:
    root = shop(tmp_path, files)
    text, sarif = stackgraph(root, "check"), stackgraph(root, "check", "--format", "sarif")
    assert sarif.exit_code == text.exit_code
    found = json.loads(sarif.out)["runs"][0]["results"]
    said = []
    for each in found:
        place = each["locations"][0]["physicalLocation"]
        where = f"{place['artifactLocation']['uri']}:{place['region']['startLine']}: "
        said.append(f"{each['level']} {each['ruleId']} {where}{each['message']['text']}")
    assert said == text.out.splitlines()


def test_no_such_system(tmp_path: Path) -> None:
    answer = stackgraph(shop(tmp_path), "check", "shpo", "--format", "sarif")
    assert answer.exit_code == 2
    assert [r["ruleId"] for r in json.loads(answer.out)["runs"][0]["results"]] == ["file"]


# --- every rule is described


def test_every_rule_that_is_no_rule_of_the_graph_is_described(project: Path) -> None:
    # What `render` says of a host that there is not is never a finding of `check`.
    sources = [*(project / "config").rglob("*.py"), project / "cli/project.py"]
    told = re.compile(r'(?:\.problem\(|\brule=)\s*"([a-z-]+)"')
    ids = {id_ for source in sources for id_ in told.findall(source.read_text(encoding="utf-8"))}
    assert {*ids, EXPIRED, UNUSED} == set(OF_FILES)


def test_every_rule_has_words() -> None:
    ids = [*OF_FILES, *(rule.id for rule in RULES)]
    log = json.loads(findings_sarif([finding(rule=id_) for id_ in ids]))
    for rule in log["runs"][0]["tool"]["driver"]["rules"]:
        assert rule["shortDescription"]["text"] not in ("", rule["id"])
