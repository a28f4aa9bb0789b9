#!/bin/sh
# Installs what some tests need beside the locked packages: a browser for those of the terminal, a PostgreSQL server for those
# of the books. Debian and its kin; nothing on other systems.
set -eu

WANTED=""
if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
    WANTED="chromium"
fi
if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    WANTED="$WANTED postgresql"
fi
if [ -z "$WANTED" ]; then
    echo "servers: a browser and PostgreSQL are here, nothing to install"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "servers: apt-get is missing on this system; install by its own means: $WANTED" >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "servers: not root; run: sudo make servers (installs by apt-get: $WANTED)" >&2
    exit 1
fi
echo "servers: installing by apt-get: $WANTED"
export DEBIAN_FRONTEND=noninteractive
apt-get -o Acquire::Retries=3 update -qq
# shellcheck disable=SC2086
apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends $WANTED >/dev/null
command -v chromium >/dev/null && echo "servers: $(chromium --version)"
for server in /usr/lib/postgresql/*/bin/postgres; do
    [ -x "$server" ] && echo "servers: $("$server" --version)"
done
exit 0
