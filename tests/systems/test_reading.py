"""Reading our own pages back: what stands there is read, what is not known is refused."""

from __future__ import annotations

import pytest

from tests.systems.reading import Page, Step

PAGE = r"""# Shop

## Tables

| Name | Says |
| --- | --- |
| a\*b | `x \| y`, 1 &lt; 2 |
| none | |

| Other | Says |
| --- | --- |
| c | d |

### Drawing

```mermaid
graph LR
    internet(("Internet"))
    subgraph one["first<br/>10.0.0.0/24"]
        a["db<br/>:80 :443"]
        p(["api<br/>pm2"])
    end
    subgraph two["second"]
        b["db"]
    end
    internet -->|"a.example/#42;"| a
    a -.-> b
    p --- two
```

### Talk

```mermaid
sequenceDiagram
    actor u as user
    participant a as shop
    u->>a: asks#59; twice
    alt yes
        a-->>u: answer
    else no
        Note over a: sleeps
    end
    a->>u: bye
```
"""


def test_tables() -> None:
    page = Page.read(PAGE)
    assert page.table("Tables", "Name") == [
        {"Name": "a*b", "Says": "x | y, 1 < 2"},
        {"Name": "none", "Says": ""},
    ]
    assert page.table("Tables", "Other") == [{"Other": "c", "Says": "d"}]
    assert page.table("Tables", "Says") == []


def test_flowcharts() -> None:
    chart = Page.read(PAGE).flowchart("Drawing")
    assert chart.names == {
        "internet": "Internet",
        "a": "first/db",
        "p": "api",
        "b": "second/db",
        "one": "first",
        "two": "second",
    }
    assert chart.nodes["a"].lines == ("db", ":80 :443")
    assert chart.nodes["a"].inside == ("one",)
    assert [(edge.a, edge.b, edge.arrow) for edge in chart.edges] == [
        ("internet", "a", True),
        ("a", "b", True),
        ("p", "two", False),
    ]


def test_sequences() -> None:
    assert Page.read(PAGE).steps("Talk") == [
        Step("", "user -> shop", "asks; twice"),
        Step("yes", "shop --> user", "answer"),
        Step("no", "note over shop", "sleeps"),
        Step("", "shop -> user", "bye"),
    ]


@pytest.mark.parametrize("line", ["a ==> b", "a --o b", "note right of a: x", 'a -->|"x| b'])
def test_what_is_not_known_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="unknown in a flowchart"):
        Page.read(PAGE.replace("a -.-> b", line)).flowchart("Drawing")
    with pytest.raises(ValueError, match="unknown in a sequence diagram"):
        Page.read(PAGE.replace("a->>u: bye", line)).steps("Talk")


def test_a_title_stands_for_one_section() -> None:
    with pytest.raises(AssertionError, match="two sections are called Talk"):
        Page.read(f"{PAGE}\n## Talk\n")
