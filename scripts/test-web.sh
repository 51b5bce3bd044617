#!/usr/bin/env bash
# The tests that need Node and a browser: the web page in Chromium, and the Postman collection through newman.
# Expects the server built; CHATTERSTACK_BIN says where, target/debug/chatterstack if not given.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
least_node=20

fail() {
    echo "test-web: $*" >&2
    exit 1
}

CHATTERSTACK_BIN="$(realpath -m -- "${CHATTERSTACK_BIN:-$root/target/debug/chatterstack}")"
export CHATTERSTACK_BIN
[[ -x $CHATTERSTACK_BIN ]] || fail "no server at $CHATTERSTACK_BIN: run 'cargo build' first, or set CHATTERSTACK_BIN"

command -v node >/dev/null || fail "node is missing: install Node.js $least_node or later"
command -v npm >/dev/null || fail "npm is missing: it comes with Node.js, or as Debian's package npm"
node_version="$(node --version)"
node_major="${node_version#v}"
((${node_major%%.*} >= least_node)) || fail "node $node_version is too old: install Node.js $least_node or later"

CHROMIUM="${CHROMIUM:-$(command -v chromium || true)}"
if [[ -z $CHROMIUM ]]; then
    if [[ -e /etc/debian_version && $(id -u) -eq 0 ]]; then
        apt-get update
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium
        CHROMIUM="$(command -v chromium)" || fail "the package chromium brought no command chromium"
    else
        fail "chromium is missing: install it (Debian: sudo apt-get install chromium), or set CHROMIUM to its path"
    fi
fi
[[ -x $CHROMIUM ]] || fail "CHROMIUM=$CHROMIUM cannot be run"
export CHROMIUM

for suite in postman browser examples; do
    echo "test-web: $suite"
    npm --prefix "$root/tests/$suite" ci
    npm --prefix "$root/tests/$suite" test
done
