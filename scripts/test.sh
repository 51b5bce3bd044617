#!/usr/bin/env bash
# Everything that CI runs. Needs Rust, a C compiler and make; installs what else the tests need, or names it.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in cargo cc make; do
  command -v "$tool" >/dev/null || { echo "missing: $tool" >&2; exit 1; }
done

./scripts/install-backends.sh
./scripts/lint.sh
# Builds the binary too, which the web tests use.
cargo test --workspace --locked
# What clients see over SQLite, they see over Postgres and Redis.
BLACKBOX_STORE=postgres cargo test --locked --package app --test blackbox -- rest:: sockets::
CHATTERSTACK_BIN="${CARGO_TARGET_DIR:-target}/debug/chatterstack" ./scripts/test-web.sh
