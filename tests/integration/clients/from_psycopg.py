"""psycopg 3 over TCP: types, values against plain SQL, parameters, errors, rights and row-level security."""

import datetime
import json
import math
import os

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb


def connect(user, password, **options):
    return psycopg.connect(
        host=os.environ["CLIENT_HOST"], port=os.environ["CLIENT_PORT"], dbname="postgres", user=user, password=password,
        autocommit=True, row_factory=dict_row, **options)


def refusal(connection, query, arguments=None):
    """The error of a query that must not work."""
    try:
        connection.execute(query, arguments).fetchall()
    except psycopg.Error as error:
        return error
    raise AssertionError(f"not refused: {query}")


def same(one, other, what):
    assert len(one) == len(other), f"{what}: {len(one)} and {len(other)} rows"
    for a, b in zip(one, other):
        assert a.keys() == b.keys(), f"{what}: {a.keys()} and {b.keys()}"
        for name in a:
            close = isinstance(a[name], float) and b[name] is not None and math.isclose(a[name], float(b[name]), rel_tol=1e-9)
            assert close or a[name] == b[name], f"{what}, {name}: {a[name]!r} and by plain SQL {b[name]!r}"


try:
    connect("bi", "wrong")
    raise AssertionError("a wrong password is let in")
except psycopg.OperationalError as error:
    assert "password authentication failed" in str(error), error

bi = connect("bi", os.environ["CLIENT_PASSWORD"])


def rows(query, arguments=None):
    return bi.execute(query, arguments).fetchall()


assert rows("SELECT count(*) AS owned FROM pg_shdepend WHERE refobjid = 'bi'::regrole AND deptype = 'o'") == [{"owned": 0}]

# Types come out as what they are.
row = rows("SELECT * FROM marketing.repurchase_scores ORDER BY customer_id LIMIT 1")[0]
found = {name: type(value) for name, value in row.items()}
assert found == {
    "customer_id": int, "probability": float, "score": int, "percentile": int, "bucket": str, "factors": list,
    "scored_at": datetime.datetime, "run": int, "version": int}, found
assert row["scored_at"].tzinfo is not None
factor = row["factors"][0]
assert isinstance(factor["value"], str) and isinstance(factor["impact"], (int, float)) and factor["phrase"], factor
assert all(isinstance(f["number"], (int, float, type(None))) for f in row["factors"])

# Who is scored: every customer of the south with an event in the 45 days before, and nobody of the north.
same(rows("SELECT customer_id FROM marketing.repurchase_scores ORDER BY 1"),
     rows("""SELECT DISTINCT o.customer_id FROM shop.orders o, (SELECT DISTINCT scored_at FROM marketing.repurchase_scores) s
         WHERE o.ordered_at <= s.scored_at AND o.ordered_at > s.scored_at - interval '45 days' ORDER BY 1"""), "who is scored")
assert rows("SELECT count(*) AS north FROM marketing.repurchase_score_history WHERE customer_id % 4 = 0") == [{"north": 0}]
runs = [row["run"] for row in rows("SELECT run FROM customer_ai.runs WHERE kind = 'score' ORDER BY run")]
assert len(runs) == 2, runs

# A run whose window has passed, by what came true of it.
judged = """(SELECT h.*, EXISTS (SELECT FROM shop.orders o WHERE o.customer_id = h.customer_id AND o.event = 'purchase'
    AND o.ordered_at > h.scored_at AND o.ordered_at <= h.scored_at + interval '30 days') AS bought
    FROM marketing.repurchase_score_history h WHERE run = %s)"""
same(rows("SELECT tenth, profiles, expected, positives, rate FROM customer_ai.gains('repurchase', run => %s) ORDER BY tenth", runs[:1]),
     rows(f"""SELECT tenth::int, count(*) AS profiles, sum(probability) AS expected, count(*) FILTER (WHERE bought) AS positives,
         avg(bought::int)::float8 AS rate FROM (SELECT *, ntile(10) OVER (ORDER BY probability DESC) AS tenth FROM {judged} j) t
         GROUP BY tenth ORDER BY tenth""", runs[:1]), "gains")
same(rows("""SELECT bucket, profiles, expected, actual FROM customer_ai.performance('repurchase')
         WHERE run = %s AND profiles > 0 ORDER BY bucket""", runs[:1]),
     rows(f"""SELECT bucket, count(*) AS profiles, sum(probability) AS expected, count(*) FILTER (WHERE bought) AS actual
         FROM {judged} j GROUP BY bucket ORDER BY bucket""", runs[:1]), "performance")
same(rows("SELECT from_bucket, to_bucket, profiles FROM customer_ai.migration('repurchase') ORDER BY 1, 2"),
     rows("""SELECT a.bucket AS from_bucket, b.bucket AS to_bucket, count(*) AS profiles
         FROM (SELECT * FROM marketing.repurchase_score_history WHERE run = %s) a
         FULL JOIN (SELECT * FROM marketing.repurchase_score_history WHERE run = %s) b USING (customer_id)
         GROUP BY 1, 2 ORDER BY 1, 2""", runs), "migration")
same(rows("SELECT bucket, profiles, expected, share FROM customer_ai.summary('repurchase') WHERE profiles > 0 ORDER BY bucket"),
     rows("""SELECT bucket, count(*) AS profiles, sum(probability) AS expected, count(*) / sum(count(*)) OVER ()::float8 AS share
         FROM marketing.repurchase_scores GROUP BY bucket ORDER BY bucket"""), "summary")
auc = rows("SELECT value FROM customer_ai.evaluate('repurchase', run => %s) WHERE metric = 'auc'", runs[:1])
same(auc, rows(f"""SELECT ((sum(place) FILTER (WHERE bought) - p * (p + 1) / 2.0) / (p * n))::float8 AS value
    FROM (SELECT bought, rank() OVER (ORDER BY probability) + (count(*) OVER (PARTITION BY probability) - 1) / 2.0 AS place,
        count(*) FILTER (WHERE bought) OVER () AS p, count(*) FILTER (WHERE NOT bought) OVER () AS n FROM {judged} j) r
    GROUP BY p, n""", runs[:1]), "evaluate")

# Live: keys as numbers and as text, prepared after five of the same, equal to the scores to the last bit; text and binary.
scores = rows("SELECT customer_id, probability, score, bucket, percentile, factors FROM marketing.repurchase_scores ORDER BY 1 LIMIT 20")
for row in scores:
    for key in (row["customer_id"], str(row["customer_id"])):
        for binary in (False, True):
            predicted = bi.execute("SELECT * FROM customer_ai.predict(%s, %s)", ("repurchase", key), binary=binary).fetchone()
            assert predicted.pop("eligible") is True
            assert predicted == {name: row[name] for name in predicted}, (predicted, row)
    total = sum(factor["impact"] for factor in rows("SELECT impact FROM customer_ai.explain(%s, %s)", ("repurchase", row["customer_id"])))
    assert math.isclose(total, math.log(row["probability"] / (1 - row["probability"])), abs_tol=1e-6)
when = datetime.datetime(2025, 7, 25, tzinfo=datetime.timezone.utc)
customer = scores[0]["customer_id"]
then = rows("SELECT probability FROM customer_ai.predict(%s, %s, as_of => %s)", ("repurchase", customer, when))
same(then, rows("SELECT probability FROM marketing.repurchase_score_history WHERE run = %s AND customer_id = %s", (runs[0], customer)),
     "predict as of then")
# What if is what it would be if the row were there: in a transaction that is undone, by who may write.
supposed = rows("SELECT probability FROM customer_ai.predict(%s, %s, what_if => %s)",
                ("repurchase", customer, Jsonb([{"event": "purchase", "amount": 10}])))
assert supposed[0]["probability"] != scores[0]["probability"]
backtest = rows("SELECT cutoff, test_profiles FROM customer_ai.backtest(%s, %s)", ("repurchase", [when]))
same(backtest, [{"cutoff": when, "test_profiles": len(rows("SELECT FROM marketing.repurchase_score_history WHERE run = %s", runs[:1]))}], "backtest")

# As clients fetch: a cursor on the server, COPY, and a prepared statement by hand.
whole = rows("SELECT * FROM customer_ai.thresholds('repurchase')")
with bi.transaction(), bi.cursor(name="few") as cursor:
    cursor.execute("SELECT * FROM customer_ai.thresholds('repurchase')")
    assert cursor.fetchmany(10) == whole[:10] and cursor.fetchall() == whole[10:]
with bi.cursor() as cursor, cursor.copy("COPY (SELECT score, profiles FROM customer_ai.thresholds('repurchase')) TO STDOUT") as copy:
    copied = [tuple(map(int, row)) for row in copy.rows()]
assert copied == [(row["score"], row["profiles"]) for row in whole]

# A run tells those who listen.
listener = connect("bi", os.environ["CLIENT_PASSWORD"])
listener.execute("LISTEN customer_ai")
scored = rows("SELECT run, profiles FROM customer_ai.score('repurchase')")[0]
told = [json.loads(note.payload) for note in listener.notifies(timeout=5, stop_after=1)]
assert told and told[0]["run"] == scored["run"] and told[0]["profiles"] == scored["profiles"], told

# Errors have a code, and say what was found and what to do.
for query, state in [
        ("SELECT * FROM customer_ai.gains('repurchas')", "42704"),
        ("SELECT * FROM customer_ai.gains('repurchase', run => 4711)", None),
        ("SELECT * FROM customer_ai.distribution('repurchase', step => 0)", "22023"),
        ("SELECT * FROM customer_ai.predict('repurchase', 1000000)", None),
        ("SELECT * FROM customer_ai.drilldown('repurchase', 'Weather')", None),
        ("SELECT customer_ai.alter_model('repurchase', goal => 'evnt = 1')", "42703")]:
    error = refusal(bi, query)
    assert error.sqlstate and error.sqlstate != "XX000" and state in (None, error.sqlstate), (query, error.sqlstate)
    assert error.diag.message_detail and error.diag.message_hint, (query, str(error))

# Who is no analyst sees no model, and of relations what is granted: one view, later the rows that a policy allows.
reader = connect("reader", "reader's")
assert reader.execute("SELECT * FROM customer_ai.models").fetchall() == []
assert refusal(reader, "SELECT * FROM customer_ai.gains('repurchase')").sqlstate == "42704"
assert refusal(reader, "SELECT * FROM customer_ai.predict('repurchase', 1)").sqlstate == "42704"
for relation in ("marketing.repurchase_score_history", "marketing.likely_buyers", "shop.orders", "customer_ai.run"):
    assert refusal(reader, f"SELECT * FROM {relation}").sqlstate == "42501", relation
everybody = "SELECT customer_id FROM marketing.repurchase_scores ORDER BY 1"
same(reader.execute(everybody).fetchall(), rows(everybody), "what the reader sees")
bi.execute("ALTER VIEW marketing.repurchase_scores SET (security_invoker = on)")
bi.execute("ALTER TABLE marketing.repurchase_score_history ENABLE ROW LEVEL SECURITY")
bi.execute("CREATE POLICY odd ON marketing.repurchase_score_history FOR SELECT TO reader USING (customer_id % 2 = 1)")
assert refusal(reader, everybody).sqlstate == "42501"
bi.execute("GRANT SELECT ON marketing.repurchase_score_history TO reader")
bi.execute("SELECT customer_ai.score('repurchase')")
odd = reader.execute(everybody).fetchall()
assert len(odd) > 50
same(odd, [row for row in rows(everybody) if row["customer_id"] % 2], "what the policy lets the reader see")
assert reader.execute("SELECT count(*) AS n FROM marketing.repurchase_score_history WHERE customer_id % 2 = 0").fetchone() == {"n": 0}
