#!/usr/bin/env python3
"""What a Python user does today: events out of Postgres, features at two cutoffs, scikit-learn and LightGBM, SHAP, scores back.

    pipeline.py --dsn "host=/tmp dbname=postgres" --table bench.rival --out bench.rival_out --score-cutoff 2026-05-02

Features use events with ts < cutoff, the label is a goal event in [cutoff, cutoff + horizon). It trains one horizon before
the cutoff that it scores at; what happened after that judges the scores. Prints a line for each stage: seconds by the clock and
of the processor, and the peak of memory.
"""
import argparse
import io
import os
import resource
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--dsn", required=True)
arguments.add_argument("--table", required=True, help="customer_id, ts, etype, amount")
arguments.add_argument("--out", required=True)
arguments.add_argument("--score-cutoff", required=True)
arguments.add_argument("--goal", default="purchase", help="event type that is the goal")
arguments.add_argument("--horizon", type=int, default=30, help="days")
arguments.add_argument("--windows", default="7,30,90", help="days; that of all time is added")
arguments.add_argument("--features", choices=["polars", "duckdb"], default="polars")
arguments.add_argument("--threads", type=int, default=1)
given = arguments.parse_args()
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ[name] = str(given.threads)
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # barriers that spin cost LightGBM dearly on a shared machine

STARTED = time.perf_counter()
import adbc_driver_postgresql.dbapi as adbc  # noqa: E402
import duckdb  # noqa: E402
import lightgbm  # noqa: E402
import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
import psycopg  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

DAY = 86_400_000_000  # microseconds
WINDOWS = [int(window) for window in given.windows.split(",")]  # ascending
SPANS = len(WINDOWS) + 1
MOST_TYPES = 6  # event types with features of their own
SEED = 7


def peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Stage:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def __exit__(self, *_):
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        print(f"  {self.name:<24}{wall:9.2f} s   cpu {cpu:8.2f} s   peak RSS {peak_memory():8.0f} MB", flush=True)


def feature_names(types):
    spans = [f"{days}d" for days in WINDOWS] + ["all"]
    return ([f"cnt_{t}_{span}" for t in types for span in spans] + [f"sum_{t}_{span}" for t in types for span in spans]
            + [f"cnt_any_{span}" for span in spans]
            + ["recency_d", "recency_goal_d", "tenure_d", "n_types", "active_days", "gap_mean_d", "gap_std_d", "gap_last_d",
               "trend_short", "trend_long", "value_mean"])


def extract(end):
    """All events before an instant: binary COPY to Arrow."""
    uri = "postgresql:///?" + "&".join(part.replace("/", "%2F") for part in given.dsn.split())
    sql = (f"SELECT customer_id AS cid, ts, etype, amount::float8 AS val FROM {given.table} "
           f"WHERE ts < '{np.datetime64(end, 'us')}+00'")
    with adbc.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        events = pl.from_arrow(cursor.fetch_arrow_table())
    return events.with_columns(pl.col("ts").dt.epoch("us"), pl.col("etype").cast(pl.Categorical), pl.col("val").fill_null(0.0))


class Polars:
    """One sort; then counts and sums by customer, type and window in NumPy."""

    def __init__(self, events, cutoff):
        known = events.filter(pl.col("ts") < cutoff).group_by("etype").len().sort("len", descending=True)
        types = known["etype"].cast(pl.Utf8).to_list()[:MOST_TYPES]
        self.types = sorted(types if given.goal in types else types[:-1] + [given.goal])
        code = {name: place for place, name in enumerate(self.types)}
        coded = pl.col("etype").cast(pl.Utf8).replace_strict(code, default=len(code), return_dtype=pl.Int8)
        events = events.with_columns(coded.alias("type")).select("cid", "ts", "type", "val").sort("cid", "ts")
        cid, self.ts, self.type, self.val = (events[column].to_numpy() for column in events.columns)
        first = np.append(True, cid[1:] != cid[:-1])
        self.ids, self.who = cid[first], np.cumsum(first, dtype=np.int32) - 1

    def features(self, cutoff):
        kinds, customers = len(self.types), self.ids.size
        known = self.ts < cutoff
        who, ts, kind, val = self.who[known], self.ts[known], self.type[known], self.val[known]
        band = np.searchsorted(np.array(WINDOWS, float), (cutoff - ts) / DAY, side="left").astype(np.int8)
        cell = (who.astype(np.int64) * (kinds + 1) + kind) * SPANS + band
        shape, cells = (customers, kinds + 1, SPANS), customers * (kinds + 1) * SPANS
        counts = np.cumsum(np.bincount(cell, minlength=cells).reshape(shape), 2)
        sums = np.cumsum(np.bincount(cell, weights=val, minlength=cells).reshape(shape), 2)
        # Rows are sorted by customer and time.
        starts = np.append(True, who[1:] != who[:-1])
        first = np.flatnonzero(starts)
        last = np.append(first[1:], who.size) - 1
        seen, events = who[first], last - first + 1
        tenure = (cutoff - ts[first]) / DAY
        goal = np.full(customers, np.iinfo(np.int64).min, np.int64)
        is_goal = kind == self.types.index(given.goal)
        goal[who[is_goal]] = ts[is_goal]  # the last wins
        day = ts // DAY
        new_day = starts.copy()
        new_day[1:] |= day[1:] != day[:-1]
        gap = np.append(0, (ts[1:] - ts[:-1]) / DAY)
        gap[first] = 0
        gaps = np.maximum(events - 1, 1)
        mean, squares = np.add.reduceat(gap, first) / gaps, np.add.reduceat(gap * gap, first) / gaps
        total = counts.sum(1)[seen].astype(float)
        rate = [total[:, span] / days + 0.01 for span, days in enumerate(WINDOWS)]
        return self.ids[seen], np.column_stack([
            counts[seen, :kinds].reshape(seen.size, -1), sums[seen, :kinds].reshape(seen.size, -1), total,
            (cutoff - ts[last]) / DAY, np.where(goal[seen] < 0, tenure + 365.0, (cutoff - np.maximum(goal[seen], 0)) / DAY),
            tenure, (counts[seen, :, -1] > 0).sum(1), np.add.reduceat(new_day.astype(np.int32), first),
            np.where(events > 1, mean, tenure), np.where(events > 2, np.sqrt(np.maximum(squares - mean * mean, 0)), 0),
            np.where(events > 1, gap[last], tenure), rate[0] / rate[1], rate[1] / rate[-1],
            np.add.reduceat(val, first) / events])

    def labels(self, ids, cutoff):
        meets = (self.ts >= cutoff) & (self.ts < cutoff + given.horizon * DAY) & (self.type == self.types.index(given.goal))
        outcome = np.zeros(self.ids.size, np.int8)
        outcome[self.who[meets]] = 1
        return outcome[np.searchsorted(self.ids, ids)]


class Duckdb:
    """One SELECT with an aggregate for each feature."""

    def __init__(self, events, cutoff):
        self.connection = duckdb.connect()
        self.connection.execute(f"SET threads = {given.threads}; SET preserve_insertion_order = false")
        self.connection.register("events", events.with_columns(pl.col("etype").cast(pl.Utf8)).to_arrow())
        types = self.connection.execute(f"SELECT etype FROM events WHERE ts < {cutoff} GROUP BY 1 "
                                        f"ORDER BY count(*) DESC LIMIT {MOST_TYPES}").fetchall()
        self.types = sorted(name for name, in types)

    def features(self, cutoff):
        spans = [(f"{days}d", f"age <= {days}") for days in WINDOWS] + [("all", "true")]
        short, middle, long = WINDOWS[0], WINDOWS[1], WINDOWS[-1]
        columns = ([f"count(*) FILTER (etype = '{t}' AND {c})::double AS \"cnt_{t}_{s}\"" for t in self.types for s, c in spans]
                   + [f"coalesce(sum(val) FILTER (etype = '{t}' AND {c}), 0) AS \"sum_{t}_{s}\""
                      for t in self.types for s, c in spans]
                   + [f"count(*) FILTER ({c})::double AS cnt_any_{s}" for s, c in spans]
                   + ["min(age) AS recency_d", "max(age) AS tenure_d", "count(DISTINCT etype)::double AS n_types",
                      f"coalesce(min(age) FILTER (etype = '{given.goal}'), max(age) + 365) AS recency_goal_d",
                      f"count(DISTINCT ts // {DAY})::double AS active_days", "coalesce(avg(gap), max(age)) AS gap_mean_d",
                      "CASE WHEN count(*) > 2 THEN coalesce(stddev_pop(gap), 0) ELSE 0 END AS gap_std_d",
                      "coalesce(arg_max(gap, ts), max(age)) AS gap_last_d", "avg(val) AS value_mean"])
        found = self.connection.execute(
            f"WITH e AS (SELECT cid, ts, etype, val, ({cutoff} - ts) / {DAY}.0::double AS age, "
            f"(ts - lag(ts) OVER (PARTITION BY cid ORDER BY ts)) / {DAY}.0::double AS gap FROM events WHERE ts < {cutoff}), "
            f"f AS (SELECT cid, {', '.join(columns)} FROM e GROUP BY cid) "
            f"SELECT *, (cnt_any_{short}d / {short} + 0.01) / (cnt_any_{middle}d / {middle} + 0.01) AS trend_short, "
            f"(cnt_any_{middle}d / {middle} + 0.01) / (cnt_any_{long}d / {long} + 0.01) AS trend_long "
            "FROM f ORDER BY cid").to_arrow_table()
        found = pl.from_arrow(found)
        return found["cid"].to_numpy(), found.select(feature_names(self.types)).cast(pl.Float64).to_numpy()

    def labels(self, ids, cutoff):
        meets = self.connection.execute(f"SELECT DISTINCT cid FROM events WHERE etype = '{given.goal}' AND ts >= {cutoff} "
                                        f"AND ts < {cutoff + given.horizon * DAY}").fetchnumpy()["cid"]
        return np.isin(ids, meets).astype(np.int8)


def strongest(impacts):
    """The columns and values of the three strongest impacts of each row."""
    some = np.argpartition(-np.abs(impacts), 3, axis=1)[:, :3]
    values = np.take_along_axis(impacts, some, 1)
    order = np.argsort(-np.abs(values), axis=1)
    return np.take_along_axis(some, order, 1), np.take_along_axis(values, order, 1)


print(f"  {'import':<24}{time.perf_counter() - STARTED:9.2f} s")
score_at = int(np.datetime64(given.score_cutoff, "us").astype("int64"))
train_at = score_at - given.horizon * DAY
with Stage("extract"):
    events = extract(score_at + given.horizon * DAY)
with Stage("feature_prep"):
    way = (Polars if given.features == "polars" else Duckdb)(events, train_at)
    del events
with Stage("features_train"):
    ids, rows = way.features(train_at)
    outcome = way.labels(ids, train_at)
with Stage("features_score"):
    scored, scored_rows = way.features(score_at)
    later = way.labels(scored, score_at)
names = feature_names(way.types)
del way
print(f"  train profiles {len(ids)}  positives {outcome.mean():.4f}  score profiles {len(scored)}  features {rows.shape[1]}")

# A fifth judges, a tenth stops the trees.
place = np.random.default_rng(SEED).random(len(ids))
judged, stops = place < 0.2, (place >= 0.2) & (place < 0.3)
with Stage("fit_logreg"):
    scaler = StandardScaler().fit(rows[~judged])
    linear = LogisticRegression(C=1.0, solver="newton-cholesky", max_iter=1000)
    linear.fit(scaler.transform(rows[~judged]), outcome[~judged])
with Stage("fit_lightgbm"):
    fitted = ~judged & ~stops
    train = lightgbm.Dataset(rows[fitted].astype(np.float32), outcome[fitted], feature_name=names)
    valid = lightgbm.Dataset(rows[stops].astype(np.float32), outcome[stops], reference=train)
    params = dict(objective="binary", metric="binary_logloss", learning_rate=0.05, num_leaves=15, max_depth=5,
                  min_data_in_leaf=50, feature_fraction=0.8, bagging_fraction=0.8, bagging_freq=1,
                  num_threads=given.threads, verbose=-1, seed=SEED)
    trees = lightgbm.train(params, train, 400, valid_sets=[valid],
                           callbacks=[lightgbm.early_stopping(30, verbose=False)])
with Stage("evaluate"):
    linear_auc = roc_auc_score(outcome[judged], linear.predict_proba(scaler.transform(rows[judged]))[:, 1])
    trees_auc = roc_auc_score(outcome[judged], trees.predict(rows[judged].astype(np.float32)))
print(f"    held out: AUC {linear_auc:.5f} linear, {trees_auc:.5f} with {trees.best_iteration} trees")
with Stage("predict"):
    scaled, small = scaler.transform(scored_rows), scored_rows.astype(np.float32)
    by_linear, by_trees = linear.predict_proba(scaled)[:, 1], trees.predict(small)
for name, probability in (("logreg", by_linear), ("lgbm", by_trees)):
    print(f"    out-of-time {name:<8} auc {roc_auc_score(later, probability):.5f}")
with Stage("shap_logreg"):
    linear_factor, linear_value = strongest(scaled * linear.coef_[0])  # the mean of the background is 0
with Stage("shap_lightgbm"):
    parts = [strongest(trees.predict(small[first:first + 50_000], pred_contrib=True)[:, :-1])
             for first in range(0, len(small), 50_000)]
    trees_factor, trees_value = (np.concatenate(part) for part in zip(*parts))
with Stage("write_back"):
    label = np.array(names)
    columns = {"customer_id": scored, "score_lr": by_linear, "score_lgbm": by_trees}
    types = ["bigint", "float8", "float8"]
    for kind, factor, value in (("lr", linear_factor, linear_value), ("gb", trees_factor, trees_value)):
        columns |= {f"{kind}_f{i + 1}": label[factor[:, i]] for i in range(3)}
        columns |= {f"{kind}_v{i + 1}": value[:, i].astype(np.float32) for i in range(3)}
        types += 3 * ["text"] + 3 * ["real"]
    table = pl.DataFrame(columns)
    with psycopg.connect(given.dsn) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {given.out}")
        connection.execute(f"CREATE TABLE {given.out} ({', '.join(f'{c} {t}' for c, t in zip(columns, types))})")
        with connection.cursor().copy(f"COPY {given.out} FROM STDIN (FORMAT csv)") as copy:
            for first in range(0, table.height, 200_000):
                text = io.BytesIO()
                table.slice(first, 200_000).write_csv(text, include_header=False)
                copy.write(text.getvalue())
        connection.execute(f"ALTER TABLE {given.out} ADD PRIMARY KEY (customer_id)")
print(f"  {'TOTAL':<24}{time.perf_counter() - STARTED:9.2f} s   peak RSS {peak_memory():.0f} MB")
