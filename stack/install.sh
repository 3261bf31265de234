#!/bin/sh
# Install the named requirements, and nothing else, into .venv; then touch the stamp.
# Usage: install.sh STAMP REQUIREMENTS...
set -eu
stamp=$1
shift

fits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'

if ! .venv/bin/python -c "$fits" 2>/dev/null; then
    python=""
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$candidate" -c "$fits" 2>/dev/null; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "LogiData needs Python 3.11 to 3.14, and found none among: ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}." >&2
        echo "Install one, or name it: make up PYTHON=/path/to/python3.12" >&2
        exit 1
    fi
    echo "Creating .venv with $("$python" --version)"
    rm -rf .venv
    if ! "$python" -m venv .venv; then
        rm -rf .venv
        echo "$python cannot create virtual environments. On Debian and Ubuntu install the package python3-venv, then try again." >&2
        exit 1
    fi
fi

echo "Installing the pinned requirements into .venv"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-installer.txt
# A sync removes what is not named: stamps of other sets of requirements no longer hold.
rm -f .venv/.runtime .venv/.development .venv/.bench
set -- "$@" requirements-installer.txt
sync() {
    .venv/bin/python -m uv pip sync --quiet --compile-bytecode --require-hashes --python .venv/bin/python "$@"
}
# Behind a proxy with a certificate authority of its own, only the system's store knows that.
sync "$@" 2>.venv/install.log || sync --system-certs "$@"
touch "$stamp"
