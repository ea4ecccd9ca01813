#!/bin/sh
# policy.sh: makes policy/.venv, the policy pack's own environment, exactly what its lock says; does
# nothing when it is so already. policy.sh lock: pins the lock anew from policy/pyproject.toml.
# It is apart from .venv because pulumi-policy wants protobuf 5 and the program's providers 6.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
export UV_SYSTEM_CERTS
have uv || PATH="$PATH:$PWD/.tools/bin"
have uv || die "uv: not found; run make setup first"

lock=policy/requirements.txt
if [ "${1:-}" = lock ]; then
	# Elsewhere, or the program's own constraints would hold for it.
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	cp policy/pyproject.toml "$scratch"
	[ ! -e $lock ] || cp $lock "$scratch/requirements.txt"
	(cd "$scratch" && uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
		--no-emit-find-links --custom-compile-command "sh scripts/policy.sh lock" \
		--output-file requirements.txt pyproject.toml)
	cp "$scratch/requirements.txt" $lock
	say "policy: $lock written, $(grep -c '^[a-z]' $lock) packages"
	exit 0
fi

stamp=policy/.venv/.stackgraph-policy
want="$(cat $lock scripts/policy.sh | cksum) $PWD"
if [ "$(cat $stamp 2>/dev/null)" = "$want" ] && [ -x policy/.venv/bin/python ]; then
	exit 0
fi
say "policy: installing $(grep -c '^[a-z]' $lock) locked packages into policy/.venv (hashes verified)"
python=python3
[ -x .venv/bin/python ] && python=.venv/bin/python
uv venv --quiet --clear --no-python-downloads --python $python policy/.venv
uv pip sync --quiet --compile-bytecode --require-hashes --python policy/.venv/bin/python $lock
printf '%s\n' "$want" >$stamp
say "policy: ready"
