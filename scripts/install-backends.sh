#!/usr/bin/env bash
# Sees to it that Postgres, Redis and setpriv are there for throwaway servers, libfaketime for nodes whose clock
# steps, and valgrind to count instructions: installs them on Debian as root, and names what is missing otherwise. No service is started, and Debian makes
# no database of its own.
set -euo pipefail

missing=()
has_postgres() {
  command -v psql >/dev/null || return 1
  local folder
  for folder in /usr/lib/postgresql/*/bin ${POSTGRES_BIN:+"$POSTGRES_BIN"} ${PATH//:/ }; do
    [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && return 0
  done
  return 1
}
has_postgres || missing+=(postgresql)
command -v redis-server >/dev/null && command -v redis-cli >/dev/null || missing+=(redis-server)
# Neither initdb nor Postgres runs as root.
[ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null || missing+=(util-linux)
# By name, since the folder has that of the machine's architecture.
compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || missing+=(faketime)
# Counts instructions.
command -v valgrind >/dev/null || missing+=(valgrind)
[ ${#missing[@]} -gt 0 ] || exit 0

if [ ! -e /etc/debian_version ] || [ "$(id -u)" -ne 0 ]; then
  echo "missing: ${missing[*]} (Debian: sudo apt-get install --no-install-recommends ${missing[*]})" >&2
  exit 1
fi

# Asked by invoke-rc.d before it starts anything: 101 is "not allowed".
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
# Read by the package when it is installed for the first time.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
  -o Dpkg::Options::=--force-confold "${missing[@]}"
# Nor at the next boot.
if [[ " ${missing[*]} " == *" redis-server "* ]] && command -v systemctl >/dev/null; then
  systemctl disable --quiet redis-server 2>/dev/null || true
fi
