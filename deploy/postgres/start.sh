#!/usr/bin/env bash
# Starts PostgreSQL with TLS. It refuses a key that others may read, and a secret's file belongs
# to whoever made it: so the key is copied into memory first.
set -euo pipefail

install -m 0600 /run/secrets/postgres.key /run/tls/server.key
exec docker-entrypoint.sh postgres \
  -c ssl=on \
  -c ssl_cert_file=/run/secrets/postgres.crt \
  -c ssl_key_file=/run/tls/server.key \
  -c ssl_min_protocol_version=TLSv1.2 \
  -c password_encryption=scram-sha-256 \
  -c hba_file=/etc/tocsin/pg_hba.conf
