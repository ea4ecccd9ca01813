# shellcheck shell=sh
# What the project's scripts share. Sourced from its top directory: `. scripts/lib.sh`.

say() { printf '%s\n' "$*" >&2; }

die() {
	say "$*"
	exit 2
}

have() { command -v "$1" >/dev/null 2>&1; }

# A uv that `make setup` fetched goes first on PATH: Pulumi's uv toolchain looks for it there.
if [ -x .tools/bin/uv ]; then
	PATH="$PWD/.tools/bin:$PATH"
	export PATH
fi
