#!/bin/sh
# check.sh [step…]: every check that isn't a test; all of them run, and the failed ones are named.
# Exits 0 when none failed. What can't run here is said loudly as SKIPPED, never as passed.
set -u
cd "$(dirname "$0")/.." || exit 2
. scripts/lib.sh

bin=.venv/bin
code=$(ls __main__.py bench/*.py config graph render components preview cli stackgraph_testing policy scripts rehearsal tests -d 2>/dev/null)
skipped=77

step_format() { $bin/ruff format --check --quiet --output-format concise . || { say "remedy: make fmt"; false; }; }
step_lint() { $bin/ruff check --quiet .; }
# shellcheck disable=SC2086
step_types() { $bin/mypy --no-error-summary $code; }
step_imports() {
	report=$($bin/lint-imports --no-logo --cache-dir .import_linter_cache 2>&1) || {
		echo "$report"
		false
	}
}
step_audit() { $bin/python scripts/audit.py; }
step_files() {
	git rev-parse --is-inside-work-tree >/dev/null 2>&1 || {
		echo "files: SKIPPED, this is no git work tree"
		return $skipped
	}
	git ls-files -z --cached --others --exclude-standard --deduplicate |
		xargs -0 $bin/python scripts/hygiene.py
}
step_schema() { $bin/stackgraph schema --check; }
step_docs() { $bin/stackgraph docs --check; }
step_hooks() { $bin/pre-commit validate-config; }
step_shell() {
	have shellcheck || {
		echo "shell: SKIPPED, shellcheck is not installed (Debian: apt-get install shellcheck)"
		return $skipped
	}
	shellcheck -x scripts/*.sh scripts/ci/*.sh .ci/run
}

[ $# -gt 0 ] || set -- format lint types imports shell files hooks schema docs audit
failed=''
skips=''
for step in "$@"; do
	say "check: $step"
	"step_$step" >&2
	case $? in
	0) ;;
	"$skipped") skips="$skips $step" ;;
	*) failed="$failed $step" ;;
	esac
done
[ -z "$skips" ] || say "check: SKIPPED, so not known to be good:$skips"
if [ -n "$failed" ]; then
	say "check: FAILED:$failed"
	exit 1
fi
say "check: no failures"
