#!/bin/sh
# Gives each application a user, a password and a database of its own, and keeps the one of an
# older OpenClaw. It creates what is missing and sets the passwords; it removes nothing, so it
# may run any number of times.
set -eu

PGPASSWORD=$(cat /run/secrets/postgres-password)
export PGHOST=postgresql PGUSER=postgres PGDATABASE=postgres PGPASSWORD

for APP in n8n litellm; do
    export APP
    test -s "/run/secrets/$APP-postgres-password"
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set app="$APP" <<'SQL'
-- On an error the server logs the statement: not this one, it has a password in it.
SET log_min_error_statement = panic;
\set password `cat "/run/secrets/$APP-postgres-password"`
SELECT format('CREATE ROLE %I', :'app')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'app') \gexec
ALTER ROLE :"app" LOGIN PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'app', :'app')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'app') \gexec
REVOKE CONNECT, TEMPORARY ON DATABASE :"app" FROM PUBLIC;
SQL
    echo "$APP: user and database are there"
done

# Nobody but the superuser opens it.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 <<'SQL'
SELECT 'CREATE DATABASE openclaw'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'openclaw') \gexec
REVOKE CONNECT, TEMPORARY ON DATABASE openclaw FROM PUBLIC;
SQL
echo "openclaw: database is there"
