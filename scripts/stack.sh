#!/bin/sh
# stack.sh preview|up|down: a stack of this project through the real Pulumi.
# `preview` falls back to the offline plan where Pulumi, its plugins or Docker can't be had, and
# says so; `up` and `down` refuse with a remedy. Run by make, after `make setup`.
# STACK says which stack (dev). Only dev gets a backend and a passphrase from here.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

verb=${1:-}
STACK=${STACK:-dev}
PATH="$PATH:${PULUMI_HOME:-$HOME/.pulumi}/bin"
PULUMI_SKIP_UPDATE_CHECK=true
export PATH PULUMI_SKIP_UPDATE_CHECK

install_pulumi="install it with: curl -fsSL https://get.pulumi.com | sh   (or brew install pulumi/tap/pulumi; winget install pulumi)"

# What stands in the way of the real thing, in a line; nothing when all is there.
obstacle() {
	have pulumi || {
		echo "pulumi is not installed; $install_pulumi"
		return
	}
	have uv || {
		echo "uv is not on PATH, and Pulumi's Python toolchain needs it; run make setup"
		return
	}
	if [ "$STACK" = dev ]; then
		why=$(.venv/bin/python scripts/probe.py docker) || {
			echo "$why; start Docker (dev's hosts are this machine's containers)"
			return
		}
	fi
	.venv/bin/python scripts/probe.py plugins | while read -r name version; do
		say "pulumi: fetching the $name provider plugin $version"
		pulumi plugin install resource "$name" "$version" >&2 </dev/null ||
			echo "the provider plugin $name $version could not be fetched (no network?); later: pulumi plugin install resource $name $version"
	done | head -n 1
}

# dev lives in a folder of its own, with a public passphrase: it holds no secrets, and the salt in
# Pulumi.dev.yaml belongs to that passphrase. Whoever sets a backend keeps it, and their passphrase.
environment() {
	if [ "$STACK" = dev ]; then
		# What dev needs is fetched above; the engine would fetch the clouds' plugins, too.
		PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true
		export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION
	fi
	if [ "$STACK" = dev ] && [ -z "${PULUMI_BACKEND_URL:-}" ]; then
		mkdir -p .pulumi-state
		PULUMI_BACKEND_URL="file://$PWD/.pulumi-state"
		PULUMI_CONFIG_PASSPHRASE=stackgraph-dev
		export PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE
	fi
}

select_stack() {
	environment
	if [ "$STACK" = dev ]; then
		pulumi stack select "$STACK" --create --non-interactive >/dev/null
	else
		pulumi stack select "$STACK" --non-interactive >/dev/null ||
			die "stack $STACK: not found in your Pulumi backend; log in with pulumi login, create it with pulumi stack init $STACK"
	fi
}

case $verb in
preview)
	why=$(obstacle)
	if [ -n "$why" ]; then
		say "preview: $why"
		say "preview: so this is the offline plan: the same program and resources, no host looked at"
		exec .venv/bin/stackgraph plan --stack "$STACK"
	fi
	select_stack
	exec pulumi preview --stack "$STACK"
	;;
up | down)
	why=$(obstacle)
	[ -z "$why" ] || die "$verb: $why"
	select_stack
	set -- up
	# volumes are protected: like `docker compose down`, this keeps them, and the stack
	[ "$verb" = up ] || set -- destroy --exclude-protected
	# dev asks nothing; about any other stack Pulumi itself asks
	[ "$STACK" != dev ] || set -- "$@" --yes
	exec pulumi "$@" --stack "$STACK"
	;;
*)
	die "usage: [STACK=dev] scripts/stack.sh preview|up|down"
	;;
esac
