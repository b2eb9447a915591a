#!/usr/bin/env bash
# Ends with status 0 if this node answers Tocsin's user and can be written to. The password goes
# to curl on its standard input: arguments can be seen by others.
set -euo pipefail
password=$(cat /run/secrets/elasticsearch_tocsin_password)
printf 'user = "tocsin:%s"\n' "$password" | curl --config - --silent --fail --max-time 8 \
  --output /dev/null --cacert /run/secrets/ca.crt --resolve elasticsearch:9200:127.0.0.1 \
  'https://elasticsearch:9200/_cluster/health?wait_for_status=yellow&timeout=5s'
