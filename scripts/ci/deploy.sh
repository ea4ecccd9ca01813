#!/bin/sh
# deploy.sh: preview, the gate on exactly that preview, and `up` of exactly that plan; then whether
# all is as declared. STACK and OUT (the folder for reports) come from the environment.
# The plan never leaves this machine: its secrets are encrypted with the stack's key, but all the
# rest of it is the system in plain text. `up` previews once more against it, and refuses what is
# not in it, before anything is changed.
# Exits 0 when deployed and as declared, 1 or 2 as the gate says or when something failed.
set -eu
cd "$(dirname "$0")/../.."
. scripts/ci/lib.sh

work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${SSH_AGENT_PID:-}" ] || ssh-agent -k >/dev/null' EXIT
trap 'exit 143' INT TERM
with_ssh_key

preview_to "$work" --save-plan "$work/plan.json" ||
	die "deploy: the preview failed, so nothing is deployed; its messages are above"
[ -s "$work/plan.json" ] || die "deploy: pulumi wrote no plan, so nothing is deployed"

code=0
gate_on "$work/preview.json" || code=$?
case $code in
0) ;;
1) say "deploy: the gate wants an acceptance, so nothing is deployed; see docs/ci/github.md" ;;
*) say "deploy: the gate cannot tell, so nothing is deployed; see docs/ci/github.md" ;;
esac
[ "$code" -eq 0 ] || exit "$code"

pulumi up --stack "$STACK" --non-interactive --yes --plan "$work/plan.json" || {
	say "deploy: up failed; what it did so far stays. Mend the cause and run this job again"
	exit 1
}

code=0
pulumi preview --stack "$STACK" --non-interactive --expect-no-changes --diff || {
	say "deploy: deployed, but the next preview is not empty"
	code=1
}
stackgraph check --live --stack "$STACK" || {
	say "deploy: deployed, but what answers is not what is declared"
	code=1
}
exit "$code"
