#!/bin/sh
# Fuzzes core and wires: each target of fuzz/ for FUZZ_SECONDS (60); or, with MUTANTS=k/n, the k-th of n shards of its mutants.
# The tools come into .venv/cargo at the first time. PYTHON is any Python 3.11; nothing of the environment is needed.
set -eu
cd "$(dirname "$0")/.."
ROOT=$PWD/.venv/cargo
PATH=$ROOT/bin:$PATH
CARGO_FUZZ=0.13.2
CARGO_MUTANTS=27.1.0
export PATH

have() {
    if ! cargo "$1" --version >/dev/null 2>&1; then
        echo "== cargo-$1 $2 (the first time takes a few minutes)"
        cargo install --quiet --locked --root "$ROOT" "cargo-$1@$2" || {
            echo "fuzz: cargo-$1 cannot be installed here; get it by: cargo install --locked cargo-$1@$2" >&2
            exit 1
        }
    fi
}

if [ -n "${MUTANTS:-}" ]; then
    have mutants $CARGO_MUTANTS
    exec cargo mutants --package isthmus-core --shard "$MUTANTS" --sharding round-robin --output target
fi

have fuzz $CARGO_FUZZ
command -v c++ >/dev/null || { echo "fuzz: c++ is missing, libFuzzer is C++ (Debian: apt install g++)" >&2; exit 1; }
"${PYTHON:-python3}" tools/fuzz_seeds.py
host=$(rustc -vV | sed -n 's/^host: //p')
for target in command record state session fix swift fix_session span frost log zero; do
    echo "== fuzz $target, ${FUZZ_SECONDS:-60} s"
    # without a sanitizer it builds with a stable compiler; the core has no unsafe code that one would watch
    cargo fuzz run --sanitizer none --target "$host" "$target" -- "-max_total_time=${FUZZ_SECONDS:-60}" -max_len=8192 \
        -print_final_stats=1 -verbosity=0
done
