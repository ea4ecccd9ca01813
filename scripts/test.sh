#!/usr/bin/env bash
# The whole suite: what CI runs, and `make test`. As root on Debian it first installs the real
# servers that tests use (STACKGRAPH_NO_APT=1 prevents it) and starts a Docker daemon if none
# answers, which it ends again; elsewhere it uses what is there, and tests say what they skip.
# Never starts a system service: tests start theirs by hand.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

scratch=$(mktemp -d)
guard=/usr/sbin/policy-rc.d
guarded=''
dockerd=''

finish() {
	code=$?
	trap - EXIT INT TERM
	if [[ -n $guarded ]]; then rm -f "$guard"; fi
	if [[ -n $dockerd ]]; then
		kill "$dockerd" 2>/dev/null || true
		wait "$dockerd" 2>/dev/null || true
	fi
	rm -rf "$scratch"
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- what tests use for real: a command (or a file), and the Debian package that has it

tools='
docker        docker.io
dockerd       docker.io
docker-registry  docker-registry
nginx         nginx
certbot       certbot
named-checkzone  bind9-utils
sshd          openssh-server
ssh-keygen    openssh-client
redis-server  redis-server
/usr/lib/postgresql/*/bin/postgres  postgresql
shellcheck    shellcheck
curl          curl
git           git
/bin/busybox  busybox-static
cloud-init    cloud-init
debootstrap   debootstrap
node          nodejs
npm           npm
systemd-analyze  systemd
chromium      chromium
'
PATH="$PATH:/usr/sbin:/sbin"

present() {
	case $1 in
	/*) compgen -G "$1" >/dev/null ;;
	*) have "$1" ;;
	esac
}

missing_packages() {
	while read -r command package; do
		if [[ -n $command ]] && ! present "$command"; then echo "$package"; fi
	done <<<"$tools"
	if ! have uv && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
		printf '%s\n' python3 python3-venv
	fi
}

install_tools() {
	local missing
	mapfile -t missing < <(missing_packages | sort -u)
	if [[ ${#missing[@]} -eq 0 ]]; then return; fi
	if [[ $EUID -ne 0 || ! -e /etc/debian_version || -n ${STACKGRAPH_NO_APT:-} ]]; then
		say "test: not installed, so tests that need them are skipped: ${missing[*]}"
		return
	fi
	say "test: installing ${missing[*]}"
	# a package's own service must not start: its port, and its data, belong to this machine
	if [[ ! -e $guard ]]; then
		guarded=yes
		printf '#!/bin/sh\nexit 101\n' >"$guard"
		chmod 755 "$guard"
	fi
	if ! { apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
		apt-get install -qq -y --no-install-recommends "${missing[@]}"; } >"$scratch/apt.log" 2>&1; then
		tail -n 20 "$scratch/apt.log" >&2
		die "test: apt-get failed; STACKGRAPH_NO_APT=1 runs without these packages"
	fi
	if [[ -n $guarded ]]; then rm -f "$guard"; fi
	guarded=''
}

# --- a Docker daemon: the one that answers, else our own for as long as the tests run

docker_answers() { .venv/bin/python scripts/probe.py docker >"$scratch/docker.txt"; }

start_docker() {
	if docker_answers; then return; fi
	if [[ $EUID -ne 0 ]] || ! have dockerd; then
		say "test: $(<"$scratch/docker.txt"); tests that need it are skipped"
		return
	fi
	say "test: starting a Docker daemon for the tests"
	dockerd --pidfile "$scratch/dockerd.pid" >"$scratch/dockerd.log" 2>&1 &
	dockerd=$!
	for _ in {1..60}; do
		if docker_answers; then return; fi
		kill -0 "$dockerd" 2>/dev/null || break
		sleep 1
	done
	say "test: the Docker daemon did not come up; tests that need it are skipped; its last words:"
	tail -n 20 "$scratch/dockerd.log" >&2
}

install_tools
sh scripts/setup.sh
sh scripts/policy.sh
sh scripts/pebble.sh || true
start_docker

checks=0
sh scripts/check.sh || checks=$?

# One pytest call, so that one line sums up. The files whose tests are marked docker or engine share
# this machine's daemon: tests/conftest.py gives them all to one worker, which runs them in order,
# while the other workers go on with the rest.
say "test: pytest"
tests=0
.venv/bin/pytest -n auto --dist loadfile "$@" || tests=$?

if [[ $tests -ne 0 && -s $scratch/dockerd.log ]]; then
	say "test: the Docker daemon's last words:"
	tail -n 20 "$scratch/dockerd.log" >&2
fi
if [[ $checks -ne 0 ]]; then say "test: FAILED, see the checks above pytest"; fi
[[ $checks -eq 0 && $tests -eq 0 ]]
