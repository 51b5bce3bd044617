#!/usr/bin/env bash
# Three release nodes behind a proxy on http://localhost:8080, over a Postgres and a Redis of their own, until Ctrl-C.
# PORT and NODES say otherwise; every other setting in the environment reaches the nodes.
set -euo pipefail
cd "$(dirname "$0")/.."

./scripts/install-backends.sh
cargo build --release --locked --package app --package testkit
target="${CARGO_TARGET_DIR:-target}/release"
exec "$target/fleet" "$target/chatterstack"
