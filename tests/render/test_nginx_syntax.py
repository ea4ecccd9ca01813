"""What is written for nginx is what nginx reads, whatever is in it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render.nginx.syntax import Comment, Directive, Pattern, Text, block, line, marshal
from tests.render.caddy import free_ports
from tests.render.nginx import needs_nginx, running


def test_a_file() -> None:
    nodes: list[Directive | Comment] = [
        Comment("made\nhere\x07"),
        line("user", "www-data"),
        block("server", of=[line("listen", "80"), block("location", "/", of=[])]),
        block("map", Text("$a"), Text("$b"), of=[line("default", "")]),
    ]
    assert marshal(nodes) == (
        "# made\n# here \nuser www-data;\n\nserver {\n    listen 80;\n    location / {\n    }\n}\n"
        '\nmap $a $b {\n    default "";\n}\n'
    )


@pytest.mark.parametrize(
    ("token", "written"),
    [
        ("plain-1.2/x", "plain-1.2/x"),
        ("", '""'),
        ("two words", '"two words"'),
        ('a"b', '"a\\"b"'),
        ("a\\b", '"a\\\\b"'),
        ("a;b", '"a;b"'),
        ("{", '"{"'),
        ("#", '"#"'),
        ("'", '"\'"'),
        ("costs $5", '"costs ${stackgraph_dollar}5"'),
        (Text("$host"), "$host"),
        (Text("https://$host$request_uri"), "https://$host$request_uri"),
        (Text("$a b"), '"$a b"'),
        (Pattern(r"^/api/\.x\z"), r"^/api/\.x\z"),
        (Pattern(r"a{1,2}"), '"a{1,2}"'),
        (Pattern(r"\\"), r'"\\\\"'),
        (Pattern(r"[\\;#]"), r'"[\\\\;#]"'),
    ],
)
def test_tokens(token: str | Text | Pattern, written: str) -> None:
    assert marshal([line("x", token)]) == f"x {written};\n"


@pytest.mark.parametrize("token", ["a\nb", "a\0", Text("\t"), Pattern("a$"), Pattern("\n")])
def test_what_cannot_be_written(token: str | Text | Pattern) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        marshal([line("x", token)])


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


@needs_nginx
@settings(max_examples=15, deadline=None)
@given(values=st.lists(PRINTABLE, min_size=20, max_size=20))
def test_nginx_reads_what_was_meant(
    values: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("nginx")
    (port,) = free_ports(1)
    answers = [
        block("location", "=", f"/{index}", of=[line("return", "200", f"[{value}]")])
        for index, value in enumerate(values)
    ]
    nodes: list[Directive | Comment] = [
        block("geo", Text("$stackgraph_dollar"), of=[line("default", Text("$"))]),
        block("server", of=[line("listen", f"127.0.0.1:{port}"), *answers]),
    ]
    (folder / "site.conf").write_text(marshal(nodes))
    main = folder / "nginx.conf"
    text = f"daemon off; user root; pid {folder}/pid; error_log {folder}/error.log;"
    temps = "".join(
        f"{kind}_temp_path {folder}/{kind}; "
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main.write_text(
        f"{text} events {{}}\nhttp {{ access_log off; {temps} include {folder}/site.conf; }}\n"
    )
    (folder / "certificate.pem").write_text(_certificate(folder))
    with running(folder, main, (port, port)) as proxy:
        for index, value in enumerate(values):
            answer = proxy.get(f"x.example.com/{index}", plain=True)
            assert answer.body.decode() == f"[{value}]"


def _certificate(folder: Path) -> str:
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x"
    done = subprocess.run(
        [*command.split(), "-keyout", str(folder / "key.pem")], capture_output=True, check=True
    )
    return re.sub(r"^.*?(?=-----BEGIN)", "", done.stdout.decode(), flags=re.DOTALL)
