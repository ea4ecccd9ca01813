"""``stackgraph docs``: the generated pages, of each system and of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cli.project import Project
from config.finding import Finding, FindingsError
from config.stack import SYSTEMS_DIRECTORY
from render.page import page
from render.rules_page import rules_page

PAGES, RULES_PAGE = "docs/systems", "docs/rules.md"


def pages(project: Project, stack: str, systems: Sequence[str]) -> dict[str, str]:
    """Give pages by their place in the project: of the named systems, or all pages there are.

    All that could not be read of any system is one `FindingsError`.
    """
    found = {} if systems else {RULES_PAGE: rules_page()}
    problems: list[Finding] = []
    for name in systems or project.systems():
        try:
            key, text = _page(project, stack, name)
        except FindingsError as error:
            problems += error.findings
        else:
            found[f"{PAGES}/{key}.md"] = text
    if problems:
        raise FindingsError(problems)
    return found


def _page(project: Project, stack: str, name: str) -> tuple[str, str]:
    # A page that changed because a day has passed would be stale with nobody to blame: waivers
    # stand in it with the day on which they end, and `check` tells when that was.
    judgement = project.readable(stack, [name], day=date.min)
    key = judgement.graph.systems[0]
    readme = project.root / SYSTEMS_DIRECTORY / key / "README.md"
    findings = [each for each in judgement.findings if not each.rule.startswith("stack-")]
    text = page(judgement.graph, findings, judgement.waived, decisions=readme.is_file())
    return key, text
