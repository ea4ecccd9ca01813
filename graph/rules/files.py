"""Rules on the files that services are given: that they parse, and that they are read."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator

import yaml

from config.finding import Severity
from graph.model import StackGraph
from graph.rules.base import Breach, rule
from graph.rules.scope import at, ours

INIT_SCRIPTS = "/docker-entrypoint-initdb.d"
_JSON_WITH_MORE = re.compile(r"//|/\*|,\s*[}\]]|[{,]\s*[A-Za-z_$][\w$]*\s*:|'")
"""Comments, commas at the end, names without quotes: what JSON5 and its like have and JSON not."""

_JSON_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"')


@rule("A01", severity=Severity.WARNING)
def only_once(graph: StackGraph) -> Iterator[Breach]:
    """What a database needs is made whenever it is missing, not only on an empty volume."""
    for service in ours(graph):
        targets = [file.target for file in service.files]
        targets += [mount.target for mount in service.spec.volumes]
        for target in targets:
            if target == INIT_SCRIPTS or target.startswith(f"{INIT_SCRIPTS}/"):
                yield Breach(
                    service.source,
                    f"{service.key} runs {target} once, on an empty volume: what is added to it "
                    "later never happens",
                    "make users and databases in a service that runs at each deploy and ends, and "
                    "let others wait for it",
                )
                break


@rule("M12")
def unreadable_files(graph: StackGraph) -> Iterator[Breach]:
    """A configuration file is what its name says: YAML, JSON or TOML."""
    told: dict[tuple[str, str], str | None] = {}
    for service in ours(graph):
        for file in service.files:
            kind = _KINDS.get(posixpath.splitext(file.target)[1])
            if kind is None or file.content is None:
                continue
            if (kind, file.content) not in told:
                told[kind, file.content] = _fault(kind, file.content)
            fault = told[kind, file.content]
            if fault is not None:
                yield Breach(
                    at(service.source, "configs"),
                    f"{file.target} of {service.key} is no {kind}: {fault}",
                    "correct it; in YAML a pattern like \\d belongs into single quotes"
                    if "escape" in fault
                    else "correct it, or give it another name",
                )


_KINDS = {".json": "JSON", ".toml": "TOML", ".yaml": "YAML", ".yml": "YAML"}


def _fault(kind: str, text: str) -> str | None:
    """Tell why a text is not of a kind and where, without its words; None where it is."""
    try:
        if kind == "YAML":
            # Composed and not constructed: tags of the program's own are its business.
            for _ in yaml.compose_all(text, Loader=yaml.CSafeLoader):
                pass
        elif kind == "TOML":
            tomllib.loads(text)
        else:
            json.loads(text)
    except yaml.MarkedYAMLError as error:
        line = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        return f"{error.problem}{line}"
    except yaml.YAMLError:
        return "it has a character that no YAML may have"
    except tomllib.TOMLDecodeError as error:
        at_ = re.search(r"line \d+", str(error))
        return f"it cannot be read at {at_[0] if at_ else 'its end'}"
    except json.JSONDecodeError as error:
        if _JSON_WITH_MORE.search(_JSON_TEXT.sub('""', text)):
            return None
        return f"{error.msg} (line {error.lineno})"
    except RecursionError:
        return "it is nested too deeply to be read"
    return None
