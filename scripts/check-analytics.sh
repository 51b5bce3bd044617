#!/usr/bin/env bash
# Counts the activity of a million messages on SQLite and on a Postgres of its own, and compares every number with a
# recount of the messages; fails on any difference. Prints a Markdown table. MESSAGES says how many, if not a million. Then
# the same is asked of a node by its API, over messages of its own on both.
set -euo pipefail
cd "$(dirname "$0")/.."

./scripts/install-backends.sh
cargo bench --locked --quiet --package repository --bench activity_recount
# One after the other, and as `make test` builds it.
RECOUNT_MESSAGES="${MESSAGES:-1000000}" exec cargo test --locked --workspace --features app/otlp --test blackbox \
  recount -- --nocapture --test-threads 1
