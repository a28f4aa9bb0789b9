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

# The browser waits more than it works: its tests go on beside the compiler's.
terminal=$(mktemp)
sh tools/web_tests.sh "$BIN" >"$terminal" 2>&1 &
web=$!

# All crates but the extension itself, which needs an interpreter around it, and the benchmarks.
check "cargo test" cargo test --quiet --locked --workspace --exclude isthmus-python --exclude isthmus-bench
echo "== terminal"
wait "$web" || failed="$failed, terminal"
cat "$terminal"
rm -f "$terminal"
# One worker more than cores: tests of servers wait more than they work. In the order of folders, so that those come first:
# the few and long ones of a file would otherwise be left to the end, and to one worker.
check "pytest" "$BIN/python" -m pytest -n "$(($(getconf _NPROCESSORS_ONLN) + 1))" --dist loadfile --no-loadscope-reorder

if [ -n "$failed" ]; then
    echo "tests failed: ${failed#, }" >&2
    exit 1
fi
