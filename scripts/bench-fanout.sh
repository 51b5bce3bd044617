#!/usr/bin/env bash
# How fast a message reaches all who are to be told: ChatterStack beside servers that do nothing else, by turns, each on one
# processor with the load on another. About eight minutes after the build; prints Markdown tables, and all figures in JSON. Linux,
# two processors, and Node with npm for two of the servers.
# Arguments go to loadgen, for example: scripts/bench-fanout.sh --shapes 1x1000x16 --contestants raw,plain,chatterstack
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --quiet --package app --package loadgen
npm --prefix crates/loadgen/node ci --silent --no-audit --no-fund
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# A socket is a file at each end.
ulimit -n "$(ulimit -H -n)"
# Counted every so often for analytics, and whatever is measured just then: not now.
export ANALYTICS_INTERVAL=1h
taskset --cpu-list 1 target/release/loadgen fanout --server target/release/chatterstack --folder "$folder" --latencies "$@"
