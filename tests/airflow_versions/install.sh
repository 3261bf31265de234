#!/bin/sh
# Make the environment .venv-airflow-VERSION, unless it has just what its requirements name.
# Usage: install.sh VERSION
set -eu
version=$1
folder=tests/airflow_versions
requirements=$folder/requirements-$version.txt
environment=.venv-airflow-$version

if cmp -s "$requirements" "$environment/installed.txt"; then
    exit 0
fi
echo "Installing Airflow $version into $environment"
rm -rf "$environment"
# Python 3.11 is the one that LogiData and all of these have in common.
.venv/bin/python -m uv venv --quiet --no-python-downloads --python 3.11 "$environment"
sync() {
    .venv/bin/python -m uv pip sync --quiet --compile-bytecode --require-hashes --python "$environment/bin/python" "$requirements" "$@"
}
# Behind a proxy with a certificate authority of its own, only the system's store knows that.
sync 2>.venv/install.log || sync --system-certs
cp "$requirements" "$environment/installed.txt"
