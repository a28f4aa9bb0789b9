#!/bin/sh
# All tests: Rust, terminal, Python. All of them run, and any failure fails. BIN is the folder of the locked tools.
set -u
failed=""

check() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed, $name"
}

# All crates but the extension itself, which needs an interpreter around it, and the benchmarks.
check "cargo test" cargo test --quiet --locked --workspace --exclude isthmus-python --exclude isthmus-bench
check "terminal" sh tools/web_tests.sh "$BIN"
check "pytest" "$BIN/python" -m pytest -n auto --dist loadfile

if [ -n "$failed" ]; then
    echo "tests failed: ${failed#, }" >&2
    exit 1
fi
