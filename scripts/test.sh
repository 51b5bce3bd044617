#!/usr/bin/env bash
# Everything that CI runs. Needs Rust, a C compiler and make; installs what else the tests need, or names it.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in cargo cc make; do
  command -v "$tool" >/dev/null || { echo "missing: $tool" >&2; exit 1; }
done

# A build from nothing writes nothing for the next one to go on from.
target="${CARGO_TARGET_DIR:-target}"
[ -d "$target" ] || export CARGO_INCREMENTAL=0
# Most tests wait for servers, not for a core.
export RUST_TEST_THREADS="${RUST_TEST_THREADS:-$((2 * $(nproc)))}"

./scripts/install-backends.sh
./scripts/lint.sh
# Builds the binary too, which the web tests use, with all that it can have.
cargo test --workspace --features app/otlp --locked --no-fail-fast
# What a message costs, counted in instructions: the same on a busy machine.
cargo test --workspace --features app/otlp --locked --no-fail-fast --lib --test hub -- --ignored instructions costs_what
# What clients see over SQLite, they see over Postgres and Redis, over the other transport, and from one thread. Of the whole
# workspace, whose features are built already.
BLACKBOX_STORE=postgres BLACKBOX_SETTINGS='WS_TRANSPORT=takeover WORKERS=1' cargo test --workspace --features app/otlp --locked --test blackbox -- rest:: sockets:: dialects:: operation::shutdown operation::drain operation::ports
CHATTERSTACK_BIN="$target/debug/chatterstack" ./scripts/test-web.sh
