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
# The old Airflows that `make test-airflow` runs with. What they need names no upper limits: their
# own requirements are those of their days, what etl imports is that of requirements.txt.
compile docker/requirements-etl.in --constraint requirements.txt --output-file .venv/etl-constraints.txt
newer=""
# `deprecated` of those days needs an older wrapt than s3fs does.
for package in deprecated $(sed -n 's/^\([a-z][a-z0-9-]*\)==.*/\1/p' .venv/etl-constraints.txt); do
    newer="$newer --exclude-newer-package $package=false"
done
compile_old_airflow() {
    version=$1
    shift
    compile "tests/airflow_versions/requirements-$version.in" --constraint .venv/etl-constraints.txt "$@" \
        --output-file "tests/airflow_versions/requirements-$version.txt"
}
# shellcheck disable=SC2086 # one option each
compile_old_airflow 2.8.4 --exclude-newer 2024-05-10 $newer
compile_old_airflow 2.11.2
