#!/usr/bin/env bash
# Runs every sql block of README.md in order in the current database, so that what it shows is what happens.
# Prints "ok README.md:LINE" or "FAILED README.md:LINE" and the output for each block; stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."
block=$(mktemp)
trap 'rm -f "$block"' EXIT

# The data that README.md tells its reader to load.
psql -X -q -v ON_ERROR_STOP=1 -f demo/load.sql

line=0 start=0 inside=no
while IFS= read -r text; do
    line=$((line + 1))
    if [ "$inside" = no ]; then
        if [ "$text" = '```sql' ]; then inside=yes start=$line; : >"$block"; fi
    elif [ "$text" = '```' ]; then
        inside=no
        if output=$(psql -X -q -v ON_ERROR_STOP=1 -f "$block" 2>&1); then
            echo "ok README.md:$start"
        else
            printf 'FAILED README.md:%s\n%s\n%s\n' "$start" "$(<"$block")" "$output"
            exit 1
        fi
    else
        printf '%s\n' "$text" >>"$block"
    fi
done <README.md
[ "$inside" = no ] || { echo "FAILED README.md:$start is never closed"; exit 1; }
