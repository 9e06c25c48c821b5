#!/usr/bin/env bash
# Drift is a reason to train again, on real invoices: not while the feed stays as it was, nor before outcomes of the change are
# known; then once, and the index it tells is the one that plain SQL finds.
source tests/integration/lib.sh

query -c 'CREATE EXTENSION customer_ai' -f demo/load.sql >/dev/null
query >/dev/null <<'SQL'
CREATE TABLE shop.feed AS SELECT customer_id, ordered_at, event, revenue FROM shop.orders WHERE ordered_at < '2011-08-01';
SELECT customer_ai.create_model('m', 'shop.feed', $$ event = 'purchase' $$, '30 days', 'customer_id', 'ordered_at', 'event',
    options => '{"algorithm": "logistic"}');
SELECT customer_ai.create_model('frozen', 'shop.feed', $$ event = 'purchase' $$, '30 days', 'customer_id', 'ordered_at', 'event',
    options => '{"algorithm": "logistic", "retrain_every": "never"}');
SELECT customer_ai.train('m'), customer_ai.score('m'), customer_ai.train('frozen'), customer_ai.score('frozen');
SQL
due() { query -c "SELECT customer_ai_internal.training_due('${1:-m}')"; }
trainings() { query -c "SELECT count(*) FROM customer_ai.runs WHERE model = '$1' AND kind = 'train'"; }
[ -z "$(due)" ] || fail "due at once: $(due)"

# Six more weeks of the same feed: scored with version 1, and nothing is wrong.
same="INSERT INTO shop.feed SELECT customer_id, ordered_at, event, revenue FROM shop.orders WHERE ordered_at >= '2011-08-01' AND ordered_at < '2011-09-15'"
query -c 'BEGIN' -c "$same" -c "SELECT customer_ai.score('m')" -c "SELECT * FROM customer_ai.drift('m') WHERE kind = 'score'" \
    -c "SELECT 'due: ' || coalesce(customer_ai_internal.training_due('m'), 'no')" -c 'ROLLBACK' >"$OUTPUT/same"
grep -q 'due: no' "$OUTPUT/same" || fail "the same feed: $(cat "$OUTPUT/same")"

# The feed changes: it now writes a row for each of four lines of an invoice. After two weeks that is seen, but not yet learnable.
shifted() { # from, to
    query -c "INSERT INTO shop.feed SELECT customer_id, ordered_at + line * interval '1 minute', event, revenue / 4
        FROM shop.orders, generate_series(0, 3) line WHERE ordered_at >= '$1' AND ordered_at < '$2'"
}
shifted 2011-08-01 2011-08-15
query -c "SELECT customer_ai.score('m')" >/dev/null
[ -z "$(due)" ] || fail "due before an outcome is known: $(due)"
shifted 2011-08-15 2011-09-15
query -c "SELECT customer_ai.score(model) FROM customer_ai.models" >/dev/null
[[ $(due) == *"far from what version 1 learned from (stability index"* ]] || fail "not due: $(due); $(query -c "SELECT * FROM customer_ai.drift('m')")"
[ -z "$(due frozen)" ] || fail "retrain_every never: $(due frozen)"

# The index, from the counts that were kept of the factor, in SQL.
factor=$(query -c "SELECT name FROM customer_ai.drift('m') WHERE kind = 'factor' ORDER BY stability_index DESC LIMIT 1")
query -v factor="$factor" >"$OUTPUT/index" <<'SQL'
WITH kept AS (
    SELECT v.distribution, r.figures FROM customer_ai.version v JOIN customer_ai.model m ON m.id = v.model_id AND m.name = 'm'
    JOIN customer_ai.run r ON r.model_id = m.id AND r.kind = 'score' ORDER BY r.id DESC LIMIT 1),
place AS (SELECT f.n - 1 AS n FROM kept, jsonb_array_elements(distribution -> 'factors') WITH ORDINALITY f (factor, n) WHERE f.factor ->> 'factor' = :'factor'),
bin AS (
    SELECT b.n, b.before::float8, (SELECT sum(c::float8) FROM jsonb_array_elements_text(figures -> 'factors' -> p.n::int -> 'bins' -> (b.n - 1)::int) c) AS now
    FROM kept, place p, jsonb_array_elements_text(distribution -> 'factors' -> p.n::int -> 'rows') WITH ORDINALITY b (before, n)),
share AS (SELECT greatest(before / sum(before) OVER (), 1e-4) AS before, greatest(now / sum(now) OVER (), 1e-4) AS now FROM bin)
SELECT abs(sum((now - before) * ln(now / before)) - (SELECT stability_index FROM customer_ai.drift('m') WHERE name = :'factor')) < 1e-9, count(*) > 2 FROM share;
SQL
[ "$(cat "$OUTPUT/index")" = 't|t' ] || fail "the stability index of \"$factor\" is another in SQL"

# It trains once, and says why; as long as nothing new comes, not again.
why=$(due)
said=$(query -c "CALL customer_ai.refresh('m')" 2>&1) || fail "$said"
grep -qF "trained version 2, because $why" <<<"$said" || fail "not trained, or not said why: $said"
query -c "CALL customer_ai.refresh('m')" 2>/dev/null
[ "$(trainings m) $(trainings frozen)" = '2 1' ] || fail "$(trainings m) trainings, and $(trainings frozen) of the frozen one"
echo "$why"
