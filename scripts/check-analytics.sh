#!/usr/bin/env bash
# Counts the activity of a million messages on SQLite and on a Postgres of its own, and compares every number with a
# recount of the messages; fails on any difference. Prints a Markdown table. MESSAGES says how many, if not a million.
set -euo pipefail
cd "$(dirname "$0")/.."

./scripts/install-backends.sh
exec cargo bench --locked --quiet --package repository --bench activity_recount
