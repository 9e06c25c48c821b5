"""SQLAlchemy and pandas: what a picker shows, what reflection finds, and what frames are made of."""

import os

import numpy
import pandas
import sqlalchemy
from sqlalchemy.dialects import postgresql

url = sqlalchemy.URL.create("postgresql+psycopg", "bi", os.environ["CLIENT_PASSWORD"], os.environ["CLIENT_HOST"],
                            int(os.environ["CLIENT_PORT"]), "postgres")
engine = sqlalchemy.create_engine(url)
inspector = sqlalchemy.inspect(engine)

# What a picker shows: the scores are a view, segments are materialized views, the history is a table with its runs.
assert inspector.get_view_names("marketing") == ["repurchase_scores"]
assert inspector.get_materialized_view_names("marketing") == ["likely_buyers"]
with engine.connect() as connection:
    runs = connection.scalars(sqlalchemy.text(
        "SELECT run FROM customer_ai.runs WHERE kind = 'score' AND model = 'repurchase' ORDER BY run")).all()
history = "repurchase_score_history"
assert sorted(inspector.get_table_names("marketing")) == sorted([history] + [f"{history}_{run}" for run in runs])
expected = {"models", "sources", "event_definitions", "labels", "versions", "version_reports", "runs", "segments",
            "segment_changes", "segment_sizes", "progress", "audit", "schedules"}
assert set(inspector.get_view_names("customer_ai")) == expected

# Everything says what it is: each relation and each of its columns.
for schema, name in [("marketing", name) for name in ["repurchase_scores", "likely_buyers", history, f"{history}_{runs[0]}"]] + [
        ("customer_ai", name) for name in expected]:
    assert inspector.get_table_comment(name, schema)["text"], f"{schema}.{name} has no comment"
    silent = [column["name"] for column in inspector.get_columns(name, schema) if not column["comment"]]
    assert not silent, f"columns of {schema}.{name} without a comment: {silent}"

# Reflection: types, keys, and the foreign key of the events.
metadata = sqlalchemy.MetaData()


def reflected(name, schema):
    return sqlalchemy.Table(name, metadata, schema=schema, autoload_with=engine)


scores, segment = reflected("repurchase_scores", "marketing"), reflected("likely_buyers", "marketing")
types = {column.name: type(column.type) for column in scores.columns}
assert types == {
    "customer_id": sqlalchemy.INTEGER, "probability": sqlalchemy.DOUBLE_PRECISION, "score": sqlalchemy.SMALLINT,
    "percentile": sqlalchemy.SMALLINT, "bucket": sqlalchemy.TEXT, "factors": postgresql.JSONB,
    "scored_at": postgresql.TIMESTAMP, "run": sqlalchemy.BIGINT, "version": sqlalchemy.INTEGER}, types
assert scores.c.scored_at.type.timezone
for name in expected:
    untyped = [c.name for c in reflected(name, "customer_ai").columns if isinstance(c.type, sqlalchemy.types.NullType)]
    assert not untyped, f"columns of {name} without a type: {untyped}"
assert [column.name for column in reflected(history, "marketing").primary_key] == ["run", "customer_id"]
assert [index["column_names"] for index in inspector.get_indexes("likely_buyers", "marketing") if index["unique"]] == [["customer_id"]]
orders = reflected("orders", "shop")
assert [key.target_fullname for key in orders.foreign_keys] == ["shop.customers.customer_id"]

with engine.connect() as connection:
    joined = connection.execute(
        sqlalchemy.select(segment.c.customer_id, sqlalchemy.func.count(orders.c.order_id))
        .join(orders, orders.c.customer_id == segment.c.customer_id).group_by(segment.c.customer_id)).all()
    by_hand = connection.execute(sqlalchemy.text(
        """SELECT s.customer_id, count(*) FROM marketing.repurchase_scores s JOIN shop.orders o USING (customer_id)
        WHERE s.percentile > 90 GROUP BY 1""")).all()
    assert sorted(joined) == sorted(by_hand) and joined

    # Frames: numbers are numbers, instants have a zone, JSON is lists of dicts.
    def frame(query):
        return pandas.read_sql(sqlalchemy.text(query), connection)

    table = pandas.read_sql_table("repurchase_scores", connection, schema="marketing").sort_values("customer_id", ignore_index=True)
    kinds = {name: dtype.kind for name, dtype in table.dtypes.items()}
    assert {name: kinds[name] for name in ["customer_id", "probability", "score", "percentile", "scored_at", "run", "version"]} == {
        "customer_id": "i", "probability": "f", "score": "i", "percentile": "i", "scored_at": "M", "run": "i", "version": "i"}, kinds
    assert str(table.scored_at.dt.tz) == "UTC"
    assert isinstance(table.factors[0], list) and isinstance(table.factors[0][0]["impact"], (int, float))
    buckets = pandas.cut(table.score, [-1, 24, 74, 100], labels=["low", "medium", "high"]).astype(str)
    assert (buckets == table.bucket).all()
    summary = frame("SELECT * FROM customer_ai.summary('repurchase')").set_index("bucket")
    by_bucket = table.groupby("bucket").probability
    assert (summary.profiles[by_bucket.groups.keys()] == by_bucket.count()).all()
    assert numpy.allclose(summary.expected[by_bucket.groups.keys()], by_bucket.sum(), rtol=1e-9)

    gains = frame(f"SELECT * FROM customer_ai.gains('repurchase', run => {runs[0]})")
    assert {name: dtype.kind for name, dtype in gains.dtypes.items() if name != "judged_on"} == {
        "tenth": "i", "profiles": "i", "expected": "f", "positives": "i", "rate": "f", "lift": "f", "captured": "f"}
    past = frame(f"""SELECT probability, EXISTS (SELECT FROM shop.orders o WHERE o.customer_id = h.customer_id AND o.event = 'purchase'
        AND o.ordered_at > h.scored_at AND o.ordered_at <= h.scored_at + interval '30 days') AS bought
        FROM marketing.{history} h WHERE run = {runs[0]}""").sort_values("probability", ascending=False, kind="stable")
    assert past.bought.dtype.kind == "b"
    places = numpy.array_split(numpy.arange(len(past)), 10)
    assert gains.profiles.tolist() == [len(place) for place in places]
    assert numpy.allclose(gains.expected, [past.probability.iloc[place].sum() for place in places])
    captured = past.bought.to_numpy().cumsum() / past.bought.sum()
    assert numpy.allclose(gains.captured, [captured[place[-1]] for place in places])
    assert numpy.allclose(gains.lift, gains.rate / past.bought.mean())

    # All other charts: no number comes as an object, whatever is NULL in it.
    for call, numbers in [
            ("evaluate('repurchase')", "value low high"), ("performance('repurchase')", "profiles expected expected_rate actual actual_rate low high"),
            ("drift('repurchase')", "stability_index training_rows profiles"), ("trend('repurchase')", "profiles high share_of_high expected"),
            ("migration('repurchase')", "profiles share"), ("thresholds('repurchase')", "score profiles reach captured precision wasted"),
            ("best_threshold('repurchase', 1, 8)", "score break_even profit profit_of_all"), ("bucket_factors('repurchase')", "mean_impact times_the_odds raised"),
            ("calibration('repurchase')", "expected actual low high"), ("roc('repurchase')", "true_positive_rate false_positive_rate"),
            ("importance('repurchase')", "rank mean_absolute_impact share"), ("explain('repurchase', 1)", "rank impact points times"),
            ("distribution('repurchase')", "from_score to_score profiles share expected")]:
        found = frame(f"SELECT * FROM customer_ai.{call}")
        assert len(found), call
        wrong = {name: str(found[name].dtype) for name in numbers.split() if found[name].dtype.kind not in "if"}
        assert not wrong, f"{call}: {wrong}"
    windows = frame("SELECT as_of, window_ends FROM customer_ai.performance('repurchase')")
    assert ((windows.window_ends - windows.as_of) == pandas.Timedelta(days=30)).all()
