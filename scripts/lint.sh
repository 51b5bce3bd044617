#!/usr/bin/env bash
# Format, clippy and rustdoc, none with a warning.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all -- --check
cargo clippy --workspace --all-targets --locked -- -D warnings
# What the heavy features bring, too.
cargo clippy --workspace --all-targets --features app/otlp --locked -- -D warnings
RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked --quiet
