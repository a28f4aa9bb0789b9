#!/bin/sh
# Installs what the tests of the terminal need beside the locked packages: a browser. Debian and its kin; nothing on other systems.
set -eu

WANTED="chromium"

if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then
    echo "servers: a browser is here, nothing to install"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "servers: apt-get is missing on this system; install $WANTED by its own means" >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "servers: not root; run: sudo make servers (installs $WANTED by apt-get)" >&2
    exit 1
fi
echo "servers: installing $WANTED by apt-get"
export DEBIAN_FRONTEND=noninteractive
apt-get -o Acquire::Retries=3 update -qq
# shellcheck disable=SC2086
apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends $WANTED >/dev/null
echo "servers: $(chromium --version)"
