"""Wrong input: what `stackgraph check` says of it, word for word. The cases are in bad_input/."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config.base import Model
from config.cloud import Ec2Settings, OciSettings
from config.document import parse
from config.finding import FindingsError
from config.settings import read_settings
from config.stack import HostAccess
from tests.case import Case
from tests.config.wrong import CASES, files, make, stack, stack_file
from tests.workspace import SHOP, stackgraph, write

CANARY = "hunter2-is-configured"
BOMBS = {"yaml-alias-bomb", "yaml-merge-bomb"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_whole_answer(case: Case, tmp_path: Path, update_golden: bool) -> None:
    answer = stackgraph(
        make(case, tmp_path), "check", "--severity", "error", "--stack", stack(case)
    )
    count = len(answer.out.splitlines())
    assert count > 0
    assert answer.err == f"{count} finding{'' if count == 1 else 's'}\n"
    case.expect({f"exit {answer.exit_code}": answer.out}, update=update_golden)


def test_lines_name_a_place_in_a_file_and_a_remedy(tmp_path: Path) -> None:
    for case in CASES:
        if str(case) in BOMBS:
            continue
        root = make(case, tmp_path / str(case))
        answer = stackgraph(root, "check", "--stack", stack(case), "--format", "json")
        findings = json.loads(answer.out)["findings"]
        for finding in findings:
            assert finding["remedy"].strip(), finding
            assert "\n" not in finding["fact"] + finding["remedy"], finding
            named = root / finding["file"]
            if named.exists():
                text = named.read_bytes()
                assert 1 <= finding["line"] <= max(1, text.count(b"\n") + 1), finding
        order = [(f["file"], f["line"], f["path"]) for f in findings]
        assert order == sorted(order)


# No value that a stack configures is in any message


def with_canaries(text: bytes) -> bytes:
    """Give a stack's file with every secret of the shop set to the canary."""
    data = yaml.safe_load(text)
    shop = data["config"].setdefault("stackgraph:shop", {})
    names = [*shop.get("secrets", {}), "DB_PASSWORD", "TOKEN", "DOC_HASH"]
    shop["secrets"] = dict.fromkeys(names, CANARY)
    return yaml.safe_dump(data).encode()


def has_the_shops_settings(case: Case) -> bool:
    own = files(case).get(stack_file(case))
    return own is not None and own == SHOP[stack_file(case)].encode()


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if has_the_shops_settings(case) and str(case) not in BOMBS],
    ids=str,
)
def test_no_secret_is_shown(case: Case, tmp_path: Path) -> None:
    root = make(case, tmp_path)
    name = stack_file(case)
    write(root, {name: with_canaries(files(case)[name])})
    answer = stackgraph(root, "check", "--stack", stack(case), "--format", "json")
    assert answer.exit_code in (1, 2)
    assert CANARY not in answer.out + answer.err


keys = st.sampled_from(
    [
        *("hosts", "variables", "secrets", "vps", "A", "?"),
        *("address", "mesh_address", "host_key", "private_key", "port", "jump", "first"),
        *("ec2", "oci", "region", "instance", "cidr", "volume_size", "account", "protect"),
    ]
)
canaries = st.one_of(st.integers(), st.booleans(), st.none(), st.text()).map(
    lambda value: f"{CANARY} {value}"
)
trees = st.recursive(
    canaries,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)


@given(trees, st.sampled_from(["dev", "prod"]))
def test_no_value_of_a_system_is_shown(value: object, target: str) -> None:
    values = {"stackgraph:target": target, "stackgraph:systems": ["s"], "stackgraph:s": value}
    document = parse(yaml.safe_dump({"config": values}), "Pulumi.dev.yaml")
    said = ""
    try:
        read_settings(values, "dev", document)
    except FindingsError as error:
        said = str(error)
    assert CANARY not in said


@pytest.mark.parametrize(
    ("key", "model"), [("ec2", Ec2Settings), ("oci", OciSettings), (None, HostAccess)]
)
def test_no_value_of_a_host_is_shown(key: str | None, model: type[Model]) -> None:
    every: dict[str, object] = dict.fromkeys(model.model_fields, CANARY)
    settings = {"hosts": {"box": {key: every} if key else every}}
    values = {"stackgraph:target": "prod", "stackgraph:systems": ["s"], "stackgraph:s": settings}
    with pytest.raises(FindingsError) as error:
        read_settings(values, "prod", parse(yaml.safe_dump({"config": values}), "Pulumi.prod.yaml"))
    assert CANARY not in str(error.value)
    assert len(error.value.findings) > 5
