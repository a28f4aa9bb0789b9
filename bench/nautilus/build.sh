#!/bin/sh
# Installs NautilusTrader into an environment of its own, target/peers/nautilus: its pins are not those of Isthmus. PYTHON makes the environment.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../target/peers/nautilus

"${PYTHON:-python3}" -m venv "$out"
"$out/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes --requirement "$here/requirements.lock"
