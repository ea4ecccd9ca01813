"""Verdicts as JUnit XML, which GitLab and others show beside the tests of a merge request.

https://docs.gitlab.com/ci/testing/unit_test_reports/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from preview.gate.model import Judged, Verdict
from preview.report.words import of_stack, visible
from preview.risk.model import TITLES, Family


def junit(verdicts: Sequence[Verdict], policy: str = "gate.yaml") -> str:
    """Give a suite for each stack, with a case for each risk and one for a family without any.

    What blocks is a failure, what is accepted is skipped with its reason, what cannot be told is an
    error. A warning passes, and says itself in its output.
    """
    suites = [_suite(verdict, policy) for verdict in verdicts]
    top = ET.Element("testsuites", {"name": "stackgraph gate", **_sums(suites)})
    top.extend(suites)
    ET.indent(top)
    return ET.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def _suite(verdict: Verdict, policy: str) -> ET.Element:
    cases = list(_cases(verdict, policy))
    attributes = {
        "name": f"stackgraph gate {of_stack(verdict)}",
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
    }
    suite = ET.Element("testsuite", attributes)
    suite.extend(cases)
    return suite


def _sums(suites: Sequence[ET.Element]) -> dict[str, str]:
    names = ("tests", "failures", "errors", "skipped")
    return {name: str(sum(int(suite.attrib[name]) for suite in suites)) for name in names}


def _cases(verdict: Verdict, policy: str) -> Iterator[ET.Element]:
    stack = of_stack(verdict)
    told = _case(stack, "everything can be told")
    if verdict.unclear:
        _add(told, "error", "cannot tell", "\n".join(map(visible, verdict.unclear)))
    yield told
    if verdict.changes is None:
        return
    for family in Family:
        found = [each for each in verdict.judged if each.risk.family is family]
        if not found:
            yield _case(stack, f"{TITLES[family]}: none")
        for each in found:
            yield _risk(stack, each, policy)


def _risk(stack: str, judged: Judged, policy: str) -> ET.Element:
    risk = judged.risk
    sentence = visible(str(risk))
    # Cases are told apart by their names.
    case = _case(stack, f"{TITLES[risk.family]}: {sentence} [{judged.digest}]")
    chain = "\n".join(map(visible, (*risk.chain, str(risk))))
    if judged.acceptance:
        reason = visible(f"accepted until {judged.acceptance.until}: {judged.acceptance.reason}")
        _add(case, "skipped", reason, chain)
    elif judged.level == "block":
        how = f"change it, or accept risk {judged.digest} in {visible(policy)}"
        _add(case, "failure", sentence, f"{chain}\n{how}")
    else:
        ET.SubElement(case, "system-out").text = f"{judged.level}: {chain}"
    return case


def _case(stack: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=f"stackgraph gate {stack}", name=name, time="0")


def _add(case: ET.Element, tag: str, message: str, text: str) -> None:
    ET.SubElement(case, tag, message=message, type=tag).text = text
