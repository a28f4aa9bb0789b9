#!/bin/sh
# Line coverage of crates/core by its Rust tests: sh tools/coverage.sh. Needs llvm-tools of the toolchain (rustup component add llvm-tools).
set -eu
cd "$(dirname "$0")/.."
llvm=$(dirname "$(find "$(rustc --print sysroot)/lib/rustlib" -name llvm-cov | head -n 1)")
[ -x "$llvm/llvm-cov" ] || { echo "coverage: llvm-cov is missing; run: rustup component add llvm-tools" >&2; exit 1; }
folder=$PWD/target/coverage
rm -rf "$folder/raw"

export RUSTFLAGS="-C instrument-coverage" LLVM_PROFILE_FILE="$folder/raw/%p-%m.profraw" CARGO_TARGET_DIR="$folder"
cargo test --quiet --locked --profile mutants --package isthmus-core >/dev/null
"$llvm/llvm-profdata" merge -sparse "$folder"/raw/*.profraw -o "$folder/all.profdata"
objects=$(cargo test --quiet --locked --profile mutants --package isthmus-core --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\)".*/--object \1/p')
# shellcheck disable=SC2086
"$llvm/llvm-cov" report $objects -instr-profile="$folder/all.profdata" --ignore-filename-regex='(registry|rustc|tests)/'
