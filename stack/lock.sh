#!/bin/sh
# Compile the pinned requirements, hashes included, from pyproject.toml.
set -eu
compile() {
    .venv/bin/python -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-header --no-annotate --quiet "$@"
}
compile pyproject.toml --all-extras --output-file requirements.txt
compile pyproject.toml --group dev --constraint requirements.txt --output-file requirements-dev.txt
compile --group bench --constraint requirements.txt --constraint requirements-dev.txt \
    --output-file requirements-bench.txt
compile pyproject.toml --constraint requirements.txt --output-file docker/requirements-web.txt
# Airflow's Celery provider cannot run beside our Celery: in its image it has an older one.
grep -E '^[a-z].*==' requirements.txt | grep -v '^celery==' | tr -d '\\' >.venv/airflow-constraints.txt
compile docker/requirements-airflow.in --constraint .venv/airflow-constraints.txt \
    --output-file docker/requirements-airflow.txt
echo "uv==$(.venv/bin/python -m uv --version | cut -d' ' -f2)" |
    compile - --output-file requirements-installer.txt
