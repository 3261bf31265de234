#!/bin/sh
# Install what tests need besides Python packages: MariaDB's server. Tests that need it fail, and
# say so, where it is missing and cannot be installed here.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"
if command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing the Debian package mariadb-server"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends mariadb-server >/dev/null
else
    echo "Tests of MariaDB will fail: as root, apt-get install mariadb-server" >&2
fi
