#!/bin/sh
# What VitaraVox's owners bring to the Toronto host themselves, for a rehearsal: Node.js, PM2, and
# something in the place of their code and pages.
set -eu
export DEBIAN_FRONTEND=noninteractive
# The set-up of the host is at it, too.
until apt-get update -qq && apt-get install -qq -y --no-install-recommends nodejs; do sleep 2; done

modules=/usr/local/lib/node_modules
mkdir -p "$modules"
found=$(find /var/lib/rehearsal/tools -maxdepth 2 -path '*/pm2-*/node_modules' | tail -n 1)
if [ -n "$found" ]; then
	cp -R "$found/." "$modules/"
	ln -sf "$modules/pm2/bin/pm2" /usr/local/bin/pm2
else
	until apt-get install -qq -y --no-install-recommends npm; do sleep 2; done
	npm install --global --silent pm2
fi

home=/home/ubuntu
server=$home/vitara-platform/admin-dashboard/server
mkdir -p "$server/dist" "$home/vitara-platform/admin-dashboard/client/dist/assets" \
	"$home/vitara-platform/data" "$home/vitaravox-docs/site"
cat >"$server/dist/index.js" <<'CODE'
require('node:http').createServer((request, answer) => answer.end('vitara-admin-api ' + request.url))
  .listen(3002, '127.0.0.1')
CODE
echo 'client' >"$home/vitara-platform/admin-dashboard/client/dist/index.html"
echo 'vitdocs' >"$home/vitaravox-docs/site/index.html"
chmod 755 "$home"
chown -R ubuntu: "$home/vitara-platform" "$home/vitaravox-docs"
