#!/bin/sh
# Brings messages.po in step with the code: new texts come in untranslated, those gone go out.
# Then translate, and run it again: it also compiles.
set -eu
cd "$(dirname "$0")/../.."
po=logidata/locale/fr/LC_MESSAGES/messages.po
new=$(mktemp)
trap 'rm -f "$new"' EXIT
git ls-files --cached --others --exclude-standard '*.py' | grep -v '^tests/' | LC_ALL=C sort |
    xgettext --files-from=- --language=Python --from-code=UTF-8 --keyword --keyword=say \
        --no-location --no-wrap --output="$new"
sed -i 's/charset=CHARSET/charset=UTF-8/' "$new"
msgmerge --quiet --no-fuzzy-matching --no-wrap --no-location --backup=none --update "$po" "$new"
msgattrib --no-obsolete --no-wrap --output-file="$po" "$po"
msgfmt --check-format --output-file="${po%.po}.mo" "$po"
