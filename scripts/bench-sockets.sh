#!/usr/bin/env bash
# How fast sockets are let in, and what memory each takes while nothing is said: ChatterStack beside other servers, by turns, each on
# one processor with the load on another. About five minutes after the build; prints a Markdown table, and all figures in JSON.
# Linux, two processors, and Node with npm for two of the servers.
# Arguments go to loadgen, for example: scripts/bench-sockets.sh --sockets 5000 --contestants plain,chatterstack
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --quiet --package app --package loadgen
npm --prefix crates/loadgen/node ci --silent --no-audit --no-fund
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# A socket is a file at each end.
ulimit -n "$(ulimit -H -n)"
# Nothing is done meanwhile that is not for the sockets: no ping either.
export ANALYTICS_INTERVAL=1h WS_PING_INTERVAL=5m WS_PONG_TIMEOUT=10m
taskset --cpu-list 1 target/release/loadgen sockets --server target/release/chatterstack --folder "$folder" "$@"
