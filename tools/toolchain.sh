#!/bin/sh
# Names every tool that a build from a checkout needs and this machine lacks, all at once, with what to do; exit 1 if there is one.
# `toolchain.sh python` prints the interpreter that `make` uses.
set -u

python() {
    for name in python3.11 python3.12 python3.13 python3.14 python3; do
        if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
}

[ "${1:-}" = python ] && { python; exit 0; }

missing=0
lacks() {
    [ "$missing" = 0 ] && echo "Isthmus cannot be built yet. Missing on this machine:" >&2
    missing=1
    printf '  %-14s %s\n' "$1" "$2" >&2
}

# at_least TOOL WANTED: is the version that TOOL prints at least WANTED (major.minor)?
at_least() {
    "$1" --version 2>/dev/null | awk -v wanted="$2" '
        match($0, /[0-9]+\.[0-9]+/) {
            split(substr($0, RSTART, RLENGTH), found, "."); split(wanted, want, ".")
            enough = found[1] > want[1] || (found[1] == want[1] && found[2] >= want[2]); exit
        }
        END { exit !enough }'
}

[ -n "$(python)" ] || lacks "python 3.11+" "with venv (Debian: apt install python3 python3-venv)"
at_least cargo 1.89 || lacks "cargo 1.89+" "Rust (Debian: apt install rustup, then rustup default stable)"
command -v cc >/dev/null || lacks "cc" "a C compiler and linker (Debian: apt install build-essential)"
if [ -f web/package.json ]; then
    at_least node 20.19 || lacks "node 20.19+" "Node.js (Debian: apt install nodejs)"
    command -v npm >/dev/null || lacks "npm" "Node's packages (Debian: apt install npm)"
fi
[ "$missing" = 0 ] || echo "Install these, then run the same command again." >&2
exit "$missing"
