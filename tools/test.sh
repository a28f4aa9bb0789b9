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

check "cargo test" cargo test --quiet --locked --package isthmus-core --package isthmus-execution --package isthmus-front --package isthmus-pools --package isthmus-port --package isthmus-tape --package isthmus-wakes --package isthmus-wire
check "terminal" sh tools/web_tests.sh "$BIN"
check "pytest" "$BIN/python" -m pytest -n auto --dist loadfile

if [ -n "$failed" ]; then
    echo "tests failed: ${failed#, }" >&2
    exit 1
fi
