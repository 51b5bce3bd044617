#!/usr/bin/env bash
# Everything that CI runs. Needs Rust, a C compiler and make; installs or names what the web tests need beside that.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in cargo cc make; do
  command -v "$tool" >/dev/null || { echo "missing: $tool" >&2; exit 1; }
done

./scripts/lint.sh
# Builds the binary too, which the web tests use.
cargo test --workspace --locked
CHATTERSTACK_BIN="${CARGO_TARGET_DIR:-target}/debug/chatterstack" ./scripts/test-web.sh
