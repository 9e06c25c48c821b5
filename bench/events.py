#!/usr/bin/env python3
"""Generated events of a shop in which purchases can be foreseen: a table customer_id, ts, etype, amount over 13 months.

    events.py --dsn "host=/tmp dbname=postgres" --table bench.rival --customers 50000 --events 1000000 --seed 2

Customers differ in how often they come, how long they stay and how gladly they buy; bursts of interest end in carts and purchases.
"""
import argparse
import io

import numpy as np
import polars as pl
import psycopg

TYPES = ["page_view", "product_view", "add_to_cart", "purchase", "email_open", "support_ticket"]
PURCHASE, CART = 3, 2
START = np.datetime64("2025-05-02T00:00:00", "us")
DAYS = 395.0
BURST = 8.0  # events of a burst, on average
BATCH = 2_000_000


def chosen(random, weights, rows):
    """A type for each row, drawn by the weights of its customer."""
    shares = np.cumsum(weights / weights.sum(1, keepdims=True), 1)
    types = np.empty(rows.size, np.int8)
    for first in range(0, rows.size, BATCH):
        part = slice(first, first + BATCH)
        types[part] = (random[part, None] > shares[rows[part]]).sum(1)
    return types


def generate(customers, events, seed):
    r = np.random.default_rng(seed)
    start = np.where(r.random(customers) < 0.55, 0.0, r.random(customers) * DAYS * 0.97)
    end = np.minimum(start + r.exponential(320, customers) + 1, DAYS)  # then they leave
    activity, liking = r.lognormal(0, 1.0, customers), r.lognormal(0, 0.6, customers)
    length = end - start
    bursts = r.poisson(0.005 * length)

    # By day and night: as many as are left beside the bursts, and one of each customer.
    scale = max(0.05, (events - bursts.sum() * BURST * 0.95) / (activity * length).sum())
    usual = np.maximum(1, r.poisson(activity * length * scale))
    who = np.repeat(np.arange(customers), usual)
    at = start[who] + r.random(who.size) * length[who]

    # In bursts: the later, the likelier a purchase.
    burst_of = np.repeat(np.arange(customers), bursts)
    began = start[burst_of] + r.random(burst_of.size) * length[burst_of]
    many = r.poisson(BURST, burst_of.size)
    burst_who, later = np.repeat(burst_of, many), r.exponential(6.0, many.sum())
    burst_at = np.repeat(began, many) + later
    kept = burst_at < np.minimum(end[burst_who] + 3, DAYS)
    burst_who, burst_at, later = burst_who[kept], burst_at[kept], later[kept]

    weights = np.tile([0.56, 0.2, 0.07, 0.025, 0.12, 0.025], (customers, 1))
    weights[:, PURCHASE] *= liking
    weights[:, CART] *= np.sqrt(liking)
    types = chosen(r.random(who.size), weights, who)
    weights = np.tile([0.30, 0.30, 0.18, 0.10, 0.10, 0.02], (burst_who.size, 1))
    weights[:, PURCHASE] *= np.clip(later / 5, 0.2, 2.5) * liking[burst_who]
    burst_types = chosen(r.random(burst_who.size), weights, np.arange(burst_who.size))

    first_of_each = np.append(0, np.cumsum(usual)[:-1])
    who, at = np.append(who, burst_who), np.append(at, burst_at)
    types = np.minimum(np.append(types, burst_types), len(TYPES) - 1)
    amount = np.round(np.choose(types, [
        r.exponential(40, who.size), r.exponential(60, who.size), r.lognormal(3.3, 0.7, who.size),
        r.lognormal(3.6, 0.8, who.size), r.exponential(5, who.size), r.exponential(300, who.size)]), 2)
    if who.size > events:  # as many as wanted, and one of each customer
        others = np.ones(who.size, bool)
        others[first_of_each] = False
        keep = np.ones(who.size, bool)
        keep[r.choice(np.flatnonzero(others), who.size - events, replace=False)] = False
        who, at, types, amount = who[keep], at[keep], types[keep], amount[keep]
    order = np.argsort(at, kind="stable")
    return who[order], at[order], types[order], amount[order]


arguments = argparse.ArgumentParser()
arguments.add_argument("--dsn", required=True)
arguments.add_argument("--table", required=True)
arguments.add_argument("--customers", type=int, required=True)
arguments.add_argument("--events", type=int, required=True)
arguments.add_argument("--seed", type=int, default=1)
given = arguments.parse_args()

who, at, types, amount = generate(given.customers, given.events, given.seed)
events = pl.DataFrame({
    "customer_id": who.astype(np.int64), "ts": START + (at * 86400e6).astype("timedelta64[us]"),
    "etype": pl.Series(types).replace_strict(list(range(len(TYPES))), TYPES, return_dtype=pl.Utf8), "amount": amount})
with psycopg.connect(given.dsn) as connection:
    connection.execute(f"DROP TABLE IF EXISTS {given.table}")
    connection.execute(f"CREATE TABLE {given.table} (customer_id bigint NOT NULL, ts timestamptz NOT NULL, "
                       "etype text NOT NULL, amount double precision)")
    with connection.cursor().copy(f"COPY {given.table} FROM STDIN (FORMAT csv)") as copy:
        for first in range(0, events.height, 500_000):
            text = io.BytesIO()
            events.slice(first, 500_000).write_csv(
                text, include_header=False, datetime_format="%Y-%m-%d %H:%M:%S%.6f+00")
            copy.write(text.getvalue())
with psycopg.connect(given.dsn, autocommit=True) as connection:
    connection.execute(f"CREATE INDEX ON {given.table} (customer_id, ts)")
    connection.execute(f"VACUUM ANALYZE {given.table}")
