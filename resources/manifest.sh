#!/bin/sh
# Lists what the binary carries as a GResource manifest; leaves the output alone when nothing changed.
set -eu
output=$(realpath -m "$2")
cd "$1"
new="$output.new"
{
    echo '<?xml version="1.0" encoding="UTF-8"?><gresources><gresource prefix="/pave">'
    for folder in migrations docs src/scaffolder/actions/definitions src/scaffolder/template/definitions web/dist; do
        [ -d "$folder" ] || continue
        find "$folder" -type f | LC_ALL=C sort | while read -r file; do
            case "$file" in
            *.png|*.woff2|*.gz) echo "<file>$file</file>" ;;
            web/dist/*|docs/*|*.yaml) echo "<file compressed=\"true\">$file</file>" ;;
            *) echo "<file>$file</file>" ;;
            esac
        done
    done
    echo '</gresource></gresources>'
} > "$new"
cmp -s "$new" "$output" && rm "$new" || mv "$new" "$output"
