# shellcheck shell=sh
# What the workflows' scripts share. Sourced from the project's top directory.
. scripts/lib.sh

PATH="$PATH:$PWD/.venv/bin"
PULUMI_SKIP_UPDATE_CHECK=true
# what is written here is read by this user only: previews and plans tell much of a system
umask 077
export PATH PULUMI_SKIP_UPDATE_CHECK

# A variable or secret that a repository doesn't have comes as an empty one, which means another
# thing to some programs than none.
for name in PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE CLOUDFLARE_API_TOKEN DEPLOY_SSH_KEY; do
	eval "[ -n \"\${$name:-}\" ] || unset $name"
done

# the stack, and where reports go: a name that can be a file's, so no path can leave OUT
STACK=${STACK:-}
OUT=${OUT:-}
case $STACK in
'' | -* | .* | *[!A-Za-z0-9._/-]*) die "STACK: '$STACK' is no stack's name; the workflow gives it with env" ;;
esac
[ -n "$OUT" ] || die "OUT is not set: the folder for reports; the workflow gives it with env"
mkdir -p "$OUT"
file=$(printf %s "$STACK" | tr / -)
report="$OUT/gate-$file.md"

# What people see of the run: GitHub's job summary; elsewhere the log has it already.
summary() {
	[ -z "${GITHUB_STEP_SUMMARY:-}" ] || [ ! -s "$1" ] || cat "$1" >>"$GITHUB_STEP_SUMMARY"
}

# Give the key of DEPLOY_SSH_KEY to an agent for as long as this script runs. It is on no disk, in
# no argument, and not in the environment of what runs next.
with_ssh_key() {
	[ -n "${DEPLOY_SSH_KEY:-}" ] || return 0
	key=$DEPLOY_SSH_KEY
	unset DEPLOY_SSH_KEY
	eval "$(ssh-agent -s)" >/dev/null
	printf '%s\n' "$key" | ssh-add -q - 2>/dev/null || {
		unset key
		die "DEPLOY_SSH_KEY: ssh-add does not take it; it is a private key without a passphrase"
	}
	unset key
}

# preview_to FOLDER OPTION…: Pulumi's own preview as JSON; why it failed, to the log. Its exit code.
preview_to() {
	folder=$1
	shift
	ended=0
	pulumi preview --stack "$STACK" --non-interactive --json --show-sames "$@" >"$folder/preview.json" || ended=$?
	[ "$ended" -eq 0 ] || python3 -m scripts.ci.diagnostics "$folder/preview.json"
	return "$ended"
}

# gate_on FILE: the verdict on a preview, and its reports. 0 passes, 1 needs acceptance, else 2.
gate_on() {
	code=0
	stackgraph gate "$1" --stack "$STACK" --report "markdown=$report" || code=$?
	summary "$report"
	case $code in
	0 | 1) return "$code" ;;
	*) return 2 ;;
	esac
}
