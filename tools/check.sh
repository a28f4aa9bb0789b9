#!/bin/sh
# Every check of the house; all of them run, and any failure fails. BIN is the folder of the locked tools.
set -u
failed=""

check() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed, $name"
}

check "ruff format" "$BIN/ruff" format --check --quiet .
check "ruff" "$BIN/ruff" check --quiet .
check "rustfmt" cargo fmt --check
check "rustfmt of fuzz" cargo fmt --check --manifest-path fuzz/Cargo.toml
check "clippy" cargo clippy --quiet --locked --workspace --all-targets -- --deny warnings
check "mypy" "$BIN/mypy"
check "layers" "$BIN/lint-imports" --no-cache --no-logo
check "house rules" "$BIN/python" tools/tidy.py
check "duplicates" "$BIN/python" tools/duplicates.py
check "gRPC code" "$BIN/python" tools/grpc_code.py --check
if [ -d web/node_modules ]; then
    check "types of the terminal" npm --prefix web run --silent check
fi

if [ -n "$failed" ]; then
    echo "check failed: ${failed#, }" >&2
    exit 1
fi
echo "check: all well"
