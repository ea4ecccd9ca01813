-- Read once, by the image's entrypoint, while the volume is empty. psql reads the passwords
-- from files, so that none is in a command line.
\set n8n_password `cat /run/secrets/n8n-postgres-password`
\set litellm_password `cat /run/secrets/litellm-postgres-password`

CREATE ROLE n8n LOGIN PASSWORD :'n8n_password';
CREATE DATABASE n8n OWNER n8n;
REVOKE ALL ON DATABASE n8n FROM PUBLIC;

CREATE ROLE litellm LOGIN PASSWORD :'litellm_password';
CREATE DATABASE litellm OWNER litellm;
REVOKE ALL ON DATABASE litellm FROM PUBLIC;

-- What an older OpenClaw may have left. Nobody but the superuser opens it.
CREATE DATABASE openclaw;
REVOKE ALL ON DATABASE openclaw FROM PUBLIC;
