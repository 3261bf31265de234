#!/bin/sh
# Bring LogiData's database, static files and administrator to what this version needs.
set -eu
python manage.py migrate --no-input
python manage.py collectstatic --no-input --clear --verbosity 0
python manage.py create_operator --username "$LOGIDATA_ADMIN_USER" --superuser \
    --password-env LOGIDATA_ADMIN_PASSWORD
