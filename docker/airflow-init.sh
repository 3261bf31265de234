#!/bin/bash
# Bring Airflow's database to this version, and give its administrator the password of .env.
set -euo pipefail

airflow db migrate

# The password is asked for twice, and answered on standard input: every process of the host could
# read it among the arguments. Without setsid it would be asked for on the terminal, if there is one.
answer() {
    printf '%s\n%s\n' "$AIRFLOW_PASSWORD" "$AIRFLOW_PASSWORD"
}
# Creates nobody whose name is taken; then the password is the old one, until it is set again.
answer | setsid --wait airflow users create --role Admin --username "$AIRFLOW_USERNAME" \
    --firstname LogiData --lastname Administrator --email "$AIRFLOW_USERNAME@localhost"
answer | setsid --wait airflow users reset-password --username "$AIRFLOW_USERNAME"
