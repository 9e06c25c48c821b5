#!/usr/bin/env bash
# Runs every sql block of README.md and docs in order in the current database, so that what they show is what happens.
# Where a text block follows, the output must be that, but for digits and blanks: figures may move a little.
# Prints "ok PAGE:LINE" or "FAILED PAGE:LINE" and the output for each block; stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."
block=$(mktemp)
trap 'rm -f "$block"' EXIT

# The data that README.md tells its reader to load.
psql -X -q -v ON_ERROR_STOP=1 -f demo/load.sql

fail() { # where, what
    printf 'FAILED %s\n%s\n' "$1" "$2"
    exit 1
}
# Words and signs without figures: a run of digits is #, blanks and lines of dashes go.
words() { sed -E 's/[0-9]+([.][0-9]+)?/#/g; s/[-+]{2,}//g; s/-#/#/g; s/[[:space:]]+//g; /^$/d'; }

run_page() {
    local page=$1 line=0 start=0 inside='' text output='' shown notices
    while IFS= read -r text; do
        line=$((line + 1))
        case $inside:$text in
            :'```sql' | :'```text') inside=${text#'```'} start=$line; : >"$block" ;;
            sql:'```')
                inside=''
                notices=$(psql -X -q -P footer=off -v ON_ERROR_STOP=1 -f "$block" -o "$block.out" 2>&1) ||
                    fail "$page:$start" "$(<"$block")"$'\n'"$notices"
                output=$(<"$block.out")
                rm "$block.out"
                echo "ok $page:$start"
                ;;
            text:'```')
                inside=''
                shown=$(words <"$block")
                [[ "$(words <<<"$output")" == *"$shown" ]] || fail "$page:$start" "$output"
                ;;
            sql:* | text:*) printf '%s\n' "$text" >>"$block" ;;
        esac
    done <"$page"
    [ -z "$inside" ] || fail "$page:$start" 'it is never closed'
}

for page in README.md docs/*.md; do run_page "$page"; done
