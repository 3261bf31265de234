#!/bin/sh
# Install what tests need besides Python packages: MariaDB's server, Chromium and gettext. Tests that
# need them fail, and say so, where they are missing and cannot be installed here.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"
missing=""
if ! command -v mariadbd >/dev/null || ! command -v mariadb-install-db >/dev/null; then
    missing="mariadb-server"
fi
if ! command -v chromium >/dev/null; then
    missing="$missing chromium fonts-dejavu-core"
fi
if ! command -v xgettext >/dev/null; then
    missing="$missing gettext"
fi
if [ -z "$missing" ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing the Debian packages: $missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086 # several words
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "Some tests will fail: as root, apt-get install $missing" >&2
fi
