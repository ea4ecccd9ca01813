#!/bin/sh
# preview.sh: Pulumi's own preview, with credentials, and the gate's verdict on it. Changes nothing.
# STACK and OUT (the folder for reports) come from the environment. Only the report is for others:
# the preview itself is removed.
# Exits 0 when it passes, 1 without acceptance, 2 when it can't be told.
set -eu
cd "$(dirname "$0")/../.."
. scripts/ci/lib.sh

work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${SSH_AGENT_PID:-}" ] || ssh-agent -k >/dev/null' EXIT
trap 'exit 143' INT TERM
with_ssh_key

ended=0
preview_to "$work" || ended=$?
code=0
gate_on "$work/preview.json" || code=$?
if [ "$ended" -ne 0 ]; then
	say "preview: pulumi ended with $ended, so what it would do is not known; its messages are above"
	code=2
fi
exit "$code"
