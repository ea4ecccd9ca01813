#!/bin/sh
# drift.sh: how what runs differs from what is declared. STACK and OUT come from the environment;
# what it finds lies in OUT, for `python3 -m scripts.ci.drift`, which alone has a token and tells
# people. Changes nothing. Exits 0 when it could look, whatever it saw.
set -eu
cd "$(dirname "$0")/../.."
. scripts/ci/lib.sh

trap '[ -z "${SSH_AGENT_PID:-}" ] || ssh-agent -k >/dev/null' EXIT
trap 'exit 143' INT TERM
rm -f "$OUT"/preview.code "$OUT"/live.code
with_ssh_key

code=0
preview_to "$OUT" --refresh || code=$?
echo "$code" >"$OUT/preview.code"

# what it would mean to put it right: this verdict stops nothing
gate_on "$OUT/preview.json" || true

code=0
stackgraph check --live --stack "$STACK" >"$OUT/live.txt" || code=$?
cat "$OUT/live.txt"
echo "$code" >"$OUT/live.code"
