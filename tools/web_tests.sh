#!/bin/sh
# Tests of the terminal: units in Node, then the whole of it in a browser where there is one. Takes the folder of the locked tools.
set -eu

if [ ! -f web/package.json ]; then
    echo "== terminal: skipped, there is no web/"
    exit 0
fi
echo "== terminal: unit tests"
npm --prefix web --silent test

browser=$(command -v chromium || command -v google-chrome || true)
if [ -z "$browser" ]; then
    echo "== terminal: SKIPPED e2e (order to hash in a browser): no chromium here; get one by: make servers"
    exit 0
fi
echo "== terminal: e2e in $browser"
CHROMIUM="$browser" ISTHMUS="$PWD/$1/isthmus" npm --prefix web --silent run e2e
