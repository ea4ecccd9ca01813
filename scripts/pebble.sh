#!/bin/sh
# pebble.sh: puts pebble, Let's Encrypt's server for tests, into .tools/bin. Debian has it since
# trixie; it is taken from there without installing it. Does nothing where it is there already.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

if have pebble || [ -x .tools/bin/pebble ]; then exit 0; fi
keys=/usr/share/keyrings/debian-archive-keyring.gpg
# from where this machine has Debian's packages, too
# shellcheck disable=SC2016 # apt-get's own placeholders
mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
	sed -n 's/^Debian //p' | head -n 1)
if [ ! -e "$keys" ] || [ -z "$mirror" ]; then
	die "pebble: this is no Debian, so it is not fetched; tests that need it are skipped"
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/lists/partial"
# _apt, as whom apt downloads, may look into it
chmod 755 "$scratch"
printf 'deb [signed-by=%s] %s trixie main\n' "$keys" "$mirror" >"$scratch/sources.list"
from_trixie() {
	apt-get -qq -o Dir::Etc::sourcelist="$scratch/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$scratch/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		-o APT::Sandbox::User=root "$@" >"$scratch/log" 2>&1 ||
		{
			tail -n 3 "$scratch/log" >&2
			die "pebble: it could not be fetched; tests that need it are skipped"
		}
}
from_trixie update
(cd "$scratch" && from_trixie download pebble && dpkg -x pebble_*.deb there)
mkdir -p .tools/bin
mv "$scratch/there/usr/bin/pebble" .tools/bin/pebble
say "setup: pebble is in .tools/bin"
