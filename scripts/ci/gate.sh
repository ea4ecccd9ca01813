#!/bin/sh
# gate.sh: what every change is looked at with, with no credentials: findings, generated pages, and
# the offline comparison with AGAINST (a revision). All of it runs; the worst counts.
# STACK, OUT (the folder for reports) and AGAINST come from the environment. With PREVIEWED=true a
# preview with credentials decides as well, so what can't be told offline is left to it.
# Exits 0 when all is fine, 1 on findings or without acceptance, 2 when it can't be told.
set -eu
cd "$(dirname "$0")/../.."
. scripts/ci/lib.sh

worst=0
note() { [ "$1" -le "$worst" ] || worst=$1; }

code=0
stackgraph check --stack "$STACK" --severity error || code=$?
note "$code"
code=0
stackgraph check --stack "$STACK" --format sarif >"$OUT/check-$file.sarif" || code=$?
[ "$code" -le 1 ] || note "$code" # warnings are shown and stop nothing

code=0
stackgraph docs --check || code=$?
note "$code"

base=$(git merge-base "${AGAINST:?a revision to compare with}" HEAD) ||
	die "gate: $AGAINST and this commit have nothing in common here; fetch more of the history"
code=0
stackgraph gate --against "$base" --stack "$STACK" --report "markdown=$report" \
	--report "sarif=$OUT/gate-$file.sarif" --report "junit=$OUT/gate-$file.xml" || code=$?
if [ "$code" -ge 2 ] && [ "${PREVIEWED:-}" = true ]; then
	say "gate: it can't be told offline, so the verdict on Pulumi's own preview decides"
	code=0
fi
note "$code"
summary "$report"

[ "$worst" -le 1 ] || worst=2
exit "$worst"
