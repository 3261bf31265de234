#!/bin/sh
# Compile the pinned requirements, hashes included, from pyproject.toml.
set -eu
compile() {
    .venv/bin/python -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-header --no-annotate --quiet "$@"
}
compile pyproject.toml --all-extras --output-file requirements.txt
compile pyproject.toml --group dev --constraint requirements.txt --output-file requirements-dev.txt
compile pyproject.toml --constraint requirements.txt --output-file docker/requirements-web.txt
echo "uv==$(.venv/bin/python -m uv --version | cut -d' ' -f2)" |
    compile - --output-file requirements-installer.txt
