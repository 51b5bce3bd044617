#!/usr/bin/env bash
# Starts a release server in a temporary folder, puts load on it over the loopback, and stops it again.
# Arguments go to loadgen, for example: scripts/bench-local.sh --senders 64 --receivers 0
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --quiet --package app --package loadgen
folder=$(mktemp -d)
export RATE_REGISTER_IP=off RATE_LOGIN_IP=off RATE_REST_USER=off RATE_MESSAGES_USER=off RATE_SOCKET_FRAMES=off
export WS_SOCKETS_NODE=off WS_SOCKETS_USER=off WS_SOCKETS_ADDRESS=off
HOST=127.0.0.1 PORT=0 LOG_FORMAT=json LOG_LEVEL=info DATA_DIR="$folder" target/release/chatterstack 2>"$folder/log" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$folder"' EXIT
for _ in $(seq 100); do
  address=$(sed -nE 's/.*"message":"listening","address":"([^"]+)".*/\1/p' "$folder/log")
  [ -n "$address" ] && break
  kill -0 "$server"
  sleep 0.1
done
[ -n "$address" ] || { cat "$folder/log" >&2; exit 1; }
# The address comes last, so that a command of loadgen may come first.
target/release/loadgen "$@" --url "http://$address"
