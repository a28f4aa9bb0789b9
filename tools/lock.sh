#!/bin/sh
# Locks the dependencies of pyproject.toml and of bench/nautilus anew: sh tools/lock.sh, after make build.
set -eu
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
[ -x "$uv" ] || { echo "lock: $uv is missing; run: make check (it makes the environment of tests and checks)" >&2; exit 1; }

locked() {
    "$uv" pip compile "$@" --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
        --no-header --no-annotate --quiet
}

locked pyproject.toml --group build --output-file requirements.lock
locked pyproject.toml --group build --group dev --constraint requirements.lock --output-file requirements-dev.lock
locked pyproject.toml --group build --group bench --constraint requirements-dev.lock --output-file requirements-bench.lock
locked bench/nautilus/requirements.in --output-file bench/nautilus/requirements.lock
