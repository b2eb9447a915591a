#!/usr/bin/env bash
# Starts the broker; formats its storage the first time. The image's own start script writes
# into the image, which is read-only here.
set -euo pipefail

home=${KAFKA_HOME:-/opt/kafka}
properties=${KAFKA_PROPERTIES:-/etc/tocsin/server.properties}
data=$(sed -n 's/^log\.dirs=//p' "$properties")

if [ ! -f "$data/meta.properties" ]; then
  "$home/bin/kafka-storage.sh" format --standalone \
    --cluster-id "$("$home/bin/kafka-storage.sh" random-uuid)" --config "$properties"
fi
exec "$home/bin/kafka-server-start.sh" "$properties"
