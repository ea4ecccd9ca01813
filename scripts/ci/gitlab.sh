# shellcheck shell=sh
# Credentials by OIDC at GitLab, for what a job runs next: `. scripts/ci/gitlab.sh`.
# AWS_ID_TOKEN and PULUMI_ID_TOKEN come from the job's id_tokens; which are used, from its variables.

if [ -n "${AWS_ROLE_ARN:-}" ] && [ -n "${AWS_ID_TOKEN:-}" ]; then
	# where AWS's own libraries look for it
	AWS_WEB_IDENTITY_TOKEN_FILE=$(mktemp)
	printf %s "$AWS_ID_TOKEN" >"$AWS_WEB_IDENTITY_TOKEN_FILE"
	AWS_ROLE_SESSION_NAME="gitlab-${CI_PIPELINE_ID:-0}"
	export AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_SESSION_NAME
fi
if [ -n "${PULUMI_ORGANIZATION:-}" ] && [ -n "${PULUMI_ID_TOKEN:-}" ]; then
	PULUMI_ID_FILE=$(mktemp)
	printf %s "$PULUMI_ID_TOKEN" >"$PULUMI_ID_FILE"
	# the token is in a file, not among the arguments
	pulumi login --non-interactive --oidc-org "$PULUMI_ORGANIZATION" --oidc-token "file://$PULUMI_ID_FILE" || exit 2
	rm -f "$PULUMI_ID_FILE"
fi
unset AWS_ID_TOKEN PULUMI_ID_TOKEN
