#!/bin/sh
# Write .env from .env.example, with a new value for every secret. Needs openssl.
set -eu
cd "$(dirname "$0")/.."
if [ -e .env ]; then
    echo ".env exists already: other secrets would lock you out of the databases made with these." >&2
    echo "Edit it, or move it away to start anew." >&2
    exit 1
fi
umask 077
trap 'rm -f .env.new' EXIT
while IFS= read -r line; do
    case $line in
    "# generate: "*) command=${line#\# generate: } ;;
    [A-Z]*=) printf '%s%s\n' "$line" "$(sh -c "$command")" ;;
    *) printf '%s\n' "$line" ;;
    esac
done <.env.example >.env.new
mv .env.new .env
echo "Wrote .env, which only you can read. Keep a copy of it where your backups are."
