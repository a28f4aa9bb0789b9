#!/bin/sh
# Fetches exchange-core with Maven and compiles the driver, into target/peers/exchange-core. Exit 1 where Java is not here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../target/peers/exchange-core

for tool in java javac mvn; do
    command -v "$tool" >/dev/null || { echo "exchange-core: $tool is not here" >&2; exit 1; }
done
said=$(mvn --quiet --batch-mode --file "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$out" 2>&1) || { echo "$said" >&2; exit 1; }
javac -nowarn -classpath "$out/*" -d "$out" "$here/Replay.java"
