#!/usr/bin/env bash
# Starts Elasticsearch on a read-only file system: its configuration folder lives in memory and
# is put together here from the image's files, ours and the secrets.
set -euo pipefail
umask 077

home=${ES_HOME:-/usr/share/elasticsearch}
ours=${TOCSIN_FILES:-/etc/tocsin}
secrets=${SECRETS_FOLDER:-/run/secrets}
: "${ES_PATH_CONF:?the configuration folder}"

cp -r "$home/config/." "$ES_PATH_CONF/"
cp "$ours/elasticsearch.yml" "$ours/roles.yml" "$ES_PATH_CONF/"
mkdir -p "$ES_PATH_CONF/certs"
# Elasticsearch reads no file outside its configuration folder.
cp "$secrets/elasticsearch.crt" "$secrets/elasticsearch.key" "$ES_PATH_CONF/certs/"

[ -f "$ES_PATH_CONF/elasticsearch.keystore" ] || "$home/bin/elasticsearch-keystore" create --silent
"$home/bin/elasticsearch-keystore" add --stdin --force bootstrap.password \
  < "$secrets/elasticsearch_password"

# Tocsin's own user is kept in a file, so that no administrator's password is ever needed by it.
: > "$ES_PATH_CONF/users"
: > "$ES_PATH_CONF/users_roles"
password=$(cat "$secrets/elasticsearch_tocsin_password")
printf '%s\n%s\n' "$password" "$password" | "$home/bin/elasticsearch-users" useradd tocsin -r tocsin
unset password

exec "$home/bin/elasticsearch"
