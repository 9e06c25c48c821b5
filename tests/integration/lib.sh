# What every integration test begins with: source tests/integration/lib.sh. Tests run from the top of the tree, each
# in a database of its own (tests/run). Status 0 is passed, 77 is skipped, anything else failed.
set -euo pipefail

# One result without header or alignment; the first error ends it.
query() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

# Ends the test with what was wrong, a line for each argument.
fail() {
    printf '%s\n' "$@"
    exit 1
}

# For what is not there: the test is neither passed nor failed.
skip() {
    echo "$*"
    exit 77
}

# Milliseconds since a value of EPOCHREALTIME.
milliseconds_since() { awk "BEGIN { printf \"%d\", 1000 * ($EPOCHREALTIME - $1) }"; }
