#!/bin/sh
# The console's types and tests, and whether the bundle that is committed is that of its source.
set -eu
sh frontend/node.sh ci --silent
sh frontend/node.sh test --silent
sh frontend/node.sh run build --silent
if [ -n "$(git status --porcelain -- logidata/static/console)" ]; then
    git status --short -- logidata/static/console
    echo "logidata/static/console is not what frontend/ builds: run make frontend, and commit it." >&2
    exit 1
fi
