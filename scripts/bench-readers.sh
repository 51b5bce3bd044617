#!/usr/bin/env bash
# What those who read notice of peers that never read, and when such peers are gone: three rounds without and with them by
# turns on one release server in a temporary folder, over the loopback, with its own limits for the queue and the writes of
# a socket unless the environment says otherwise. About three minutes after the build; prints a Markdown table.
# Arguments go to loadgen, for example: scripts/bench-readers.sh --stuck 5 --rounds 1
set -euo pipefail
exec "$(dirname "$0")/bench-local.sh" readers "$@"
