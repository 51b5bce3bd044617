#!/usr/bin/env bash
# What it costs a node to time its deliveries and to tell of them: two release servers over the loopback, one as it is, asked
# for its metrics once a second, and one with DELIVERY_LATENCY=off; the processor time of each for a delivery, by turns, in
# rooms of several sizes, with several pairs of servers. About three minutes after the build; prints a Markdown table. Linux.
# Arguments go to loadgen, for example: scripts/bench-metrics.sh --sockets 1000 --pairs 100
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --quiet --package app --package loadgen
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export RATE_REGISTER_IP=off RATE_LOGIN_IP=off RATE_REST_USER=off RATE_MESSAGES_USER=off RATE_SOCKET_FRAMES=off
export WS_SOCKETS_NODE=off WS_SOCKETS_USER=off WS_SOCKETS_ADDRESS=off
# What is said is counted every so often for analytics, at both and whatever is measured just then: not now.
export ANALYTICS_INTERVAL=1h
target/release/loadgen metrics --server target/release/chatterstack --folder "$folder" "$@"
