#!/bin/sh
# Copies new backups to the bucket every hour, encrypted before they leave. It never deletes:
# its key may not, and what is gone here must stay there.
set -eu

RCLONE_CONFIG_STORE_ACCESS_KEY_ID=$(cat /run/secrets/backup-key-id)
RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=$(cat /run/secrets/backup-key-secret)
RCLONE_CONFIG_VAULT_PASSWORD=$(rclone obscure - </run/secrets/backup-password)
export RCLONE_CONFIG_STORE_ACCESS_KEY_ID RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY
export RCLONE_CONFIG_VAULT_PASSWORD

while true; do
    # A younger file may still be growing.
    if rclone copy --min-age 5m --stats-log-level NOTICE --stats 0 /backups "$BACKUP_REMOTE"; then
        touch /tmp/copied
    fi
    sleep 3600
done
