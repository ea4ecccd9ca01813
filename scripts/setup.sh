#!/bin/sh
# Makes .venv exactly what requirements.lock says, from python3 alone. Does nothing when it is so
# already. Refuses to fetch a Python unless this machine has none that fits.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

# The machine's own certificates: where a company's are needed, they are there.
UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
export UV_SYSTEM_CERTS

stamp=.venv/.stackgraph-setup
inputs=$(cat pyproject.toml requirements.lock requirements-uv.lock scripts/setup.sh | cksum)
want="$inputs $PWD"
if [ "$(cat $stamp 2>/dev/null)" = "$want" ] && [ -x .venv/bin/python ] && [ -x .venv/bin/stackgraph ]; then
	exit 0
fi

# --- uv: the one on PATH if it is new enough, else our own, pinned with hashes

uv_fits() {
	have uv || return 1
	least=$(sed -n 's/^required-version = ">=\([0-9]*\)\.\([0-9]*\)"$/\1 \2/p' pyproject.toml)
	uv --version | awk -v least="$least" '{
		split($2, is, "."); split(least, need, " ")
		exit !(is[1] > need[1] || (is[1] == need[1] && is[2] >= need[2]))
	}'
}

if ! uv_fits; then
	have python3 || die "python3: not found; install Python 3.11 or newer (Debian: apt-get install python3 python3-venv), or uv"
	python3 -c 'import ensurepip, venv' 2>/dev/null ||
		die "python3 has no venv module; install it (Debian: apt-get install python3-venv), or uv"
	say "setup: no uv on PATH that fits, so the locked one goes into .tools/"
	python3 -m venv --clear .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--require-hashes --only-binary :all: -r requirements-uv.lock ||
		die "setup: uv could not be installed from your package index; install uv yourself and run make setup again"
	PATH="$PWD/.tools/bin:$PATH"
	export PATH
fi

# --- .venv

# A folder that was moved or copied has scripts that point to the old place.
if [ -e .venv ] && ! { [ -x .venv/bin/python ] && grep -qF "$PWD/.venv" .venv/bin/activate 2>/dev/null; }; then
	say "setup: .venv belongs to another folder or Python; making it anew"
	rm -rf .venv
fi
if [ ! -e .venv ]; then
	if uv python find --quiet --no-python-downloads >/dev/null 2>&1; then
		uv venv --quiet --no-python-downloads .venv
	else
		say "setup: no Python 3.11 or newer on this machine, so uv fetches one"
		uv venv --quiet .venv ||
			die "setup: no Python could be had; install Python 3.11 or newer and run make setup again"
	fi
fi

say "setup: installing $(grep -c '^[a-z]' requirements.lock) locked packages into .venv (hashes verified, bytecode compiled)"
rm -f $stamp
uv pip sync --quiet --compile-bytecode --require-hashes --python .venv/bin/python requirements.lock
uv pip install --quiet --no-deps --no-build-isolation --python .venv/bin/python --editable .

# Pulumi's uv toolchain reads uv.lock; pyproject.toml's constraints make it the same versions.
if uv lock --quiet --python .venv/bin/python; then
	touch uv.lock # looked at, even if nothing in it changed
else
	say "setup: uv.lock could not be made (no package index?); Pulumi will make it at its first run"
fi

printf '%s\n' "$want" >$stamp
say "setup: ready"
