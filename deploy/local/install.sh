#!/usr/bin/env bash
# Installs Debian packages for the stack: install.sh PACKAGE...
# A server's package would start its own system service, on the very ports and data that are not
# ours. policy-rc.d forbids that while we install (Debian policy 9.3.3.2); systemd would still start
# it at the next boot, so what came with this installation is disabled as well.
set -euo pipefail

if ! command -v apt-get >/dev/null; then
  echo "there is no apt-get here: install $* yourself, then run this again" >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "installing $* needs root, and there is no sudo: run as root: apt-get install $*" >&2
    exit 1
  fi
  exec sudo bash "$0" "$@"
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
# Another apt may be at work: wait for it instead of failing.
apt=(apt-get -q -o DPkg::Lock::Timeout=300)
"${apt[@]}" update || echo "apt-get update failed; trying with the lists that are here" >&2
"${apt[@]}" install -y --no-install-recommends "$@"

if [ -d /run/systemd/system ] && [[ " $* " == *" rabbitmq-server "* ]]; then
  systemctl disable --now rabbitmq-server >/dev/null 2>&1 || true
fi
