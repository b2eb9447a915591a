#!/usr/bin/env bash
# Makes the passwords and certificates of the docker stack, in deploy/secrets/. What is there
# already is left alone: run it again after deleting what is to be renewed.
#
# The folder is closed to everybody else on this machine. The files in it can be read by any
# user, since each container has another one and sees its own secrets alone.
set -euo pipefail

folder=${1:-"$(cd "$(dirname "$0")" && pwd)/secrets"}
days=${TOCSIN_CERTIFICATE_DAYS:-825}

mkdir -p "$folder"
chmod 0700 "$folder"
cd "$folder"
umask 022

password() {
  [ -s "$1" ] || { openssl rand -hex 24 | tr -d '\n' > "$1"; echo "made $1"; }
}

authority() {
  [ -s ca.crt ] && [ -s ca.key ] && return
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 3650 \
    -subj "/CN=Tocsin stack authority" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout ca.key -out ca.crt 2> /dev/null
  chmod 0600 ca.key
  echo "made ca.crt and ca.key"
}

# certificate NAME USE: a key in PKCS 8, which all three servers read, and its certificate.
certificate() {
  [ -s "$1.crt" ] && [ -s "$1.key" ] && return
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2> /dev/null
  openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -sha256 -days "$days" \
    -extfile <(printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=%s\nbasicConstraints=CA:FALSE\n' "$1" "$2") \
    -out "$1.crt" 2> /dev/null
  rm -f "$1.csr"
  chmod 0644 "$1.key"
  echo "made $1.crt and $1.key"
}

password elasticsearch_password
password elasticsearch_tocsin_password
password postgres_password
password grafana_password
[ -s channels.json ] || { echo '{}' > channels.json; echo "made channels.json, without a channel"; }

authority
certificate kafka serverAuth
certificate elasticsearch serverAuth
certificate postgres serverAuth
certificate tocsin clientAuth
[ kafka.pem -nt kafka.crt ] && [ kafka.pem -nt kafka.key ] || cat kafka.key kafka.crt > kafka.pem
