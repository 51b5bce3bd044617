#!/usr/bin/env bash
# ChatterStack beside servers that do nothing else, by turns, each on one processor with the load on another; prints Markdown tables,
# and all figures in JSON. Linux, two processors, and Node with npm for two of the servers.
#   scripts/bench-servers.sh fanout --latencies   how fast a message reaches all who are to be told: some ten minutes
#   scripts/bench-servers.sh sockets              how fast sockets are let in, and what memory each takes: some five minutes
#   scripts/bench-servers.sh resume               how soon those who were away have what they missed: some two minutes
# More arguments go to loadgen, for example: scripts/bench-servers.sh fanout --shapes 1x1000x16 --contestants raw,chatterstack
set -euo pipefail
cd "$(dirname "$0")/.."

what="$1"
shift
cargo build --release --quiet --package app --package loadgen
npm --prefix crates/loadgen/node ci --silent --no-audit --no-fund
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# A socket is a file at each end.
ulimit -n "$(ulimit -H -n)"
# What is done every so often, and whatever is measured just then: not now. No ping either.
export ANALYTICS_INTERVAL=1h WS_PING_INTERVAL=5m WS_PONG_TIMEOUT=10m
taskset --cpu-list 1 target/release/loadgen "$what" --server target/release/chatterstack --folder "$folder" "$@"
