"""PgBouncer in transaction mode: nothing of one client is left for the next on the same connection to the server."""

import os

import psycopg


def connect(database):
    # As one does behind PgBouncer of this version: no statement outlives its transaction.
    return psycopg.connect(host=os.environ["CLIENT_HOST"], port=os.environ["BOUNCER"], dbname=database, user="bi",
                           password=os.environ["CLIENT_PASSWORD"], prepare_threshold=None)


def one(connection, query, arguments=()):
    row = connection.execute(query, arguments).fetchone()
    connection.commit()
    return row


direct = psycopg.connect(host=os.environ["CLIENT_HOST"], port=os.environ["CLIENT_PORT"], dbname="postgres", user="bi",
                         password=os.environ["CLIENT_PASSWORD"], autocommit=True)
predict = "SELECT probability FROM customer_ai.predict('repurchase', %s)"

for database, most in [("one", 1), ("two", 2)]:
    first, second = connect(database), connect(database)
    servers = {one(client, "SELECT pg_backend_pid()") for client in (first, second) * 3}
    assert 1 <= len(servers) <= most, servers

    # Two clients in turns: each train, activate and score of one is seen by the next predict of the other.
    before = one(second, predict, (5,))
    assert before == direct.execute(predict, (5,)).fetchone()
    version = one(first, "SELECT version FROM customer_ai.train('repurchase', as_of => '2025-07-10', activate => 'always')")[0]
    after = one(second, predict, (5,))
    assert after != before and after == direct.execute(predict, (5,)).fetchone()
    run = one(first, "SELECT run, version FROM customer_ai.score('repurchase')")
    assert run[1] == version
    scored = one(second, "SELECT probability FROM marketing.repurchase_scores WHERE customer_id = 5 AND run = %s", run[:1])
    assert scored == after
    one(second, "SELECT customer_ai.rollback('repurchase')")
    assert one(first, predict, (5,)) == before

    # Settings of a transaction, also those of this extension, end with it.
    usual = one(second, "SELECT current_setting('customer_ai.threads'), current_setting('search_path')")
    first.execute("SET LOCAL customer_ai.threads = 1")
    first.execute("SET LOCAL search_path = marketing")
    assert first.execute("SELECT current_setting('customer_ai.threads')").fetchone() == ("1",)
    assert first.execute(predict, (5,)).fetchone() == before
    first.commit()
    assert one(second, "SELECT current_setting('customer_ai.threads'), current_setting('search_path')") == usual

    # A temporary table of a transaction can hold examples; the version knows nothing of it afterwards.
    first.execute("""CREATE TEMP TABLE known ON COMMIT DROP AS SELECT DISTINCT customer_id, timestamptz '2025-06-01' AS cutoff,
        EXISTS (SELECT FROM shop.orders b WHERE b.customer_id = o.customer_id AND b.event = 'purchase'
            AND b.ordered_at > '2025-06-01' AND b.ordered_at <= '2025-07-01') AS label
        FROM shop.orders o WHERE ordered_at <= '2025-06-01'""")
    first.execute("GRANT SELECT ON known TO analysts")  # with whose rights the model runs
    known = first.execute("SELECT count(*), count(*) FILTER (WHERE label) FROM known").fetchone()
    trained = first.execute("SELECT examples, positives FROM customer_ai.train('repurchase', examples => 'known', activate => 'never')").fetchone()
    first.commit()
    assert trained == known, (trained, known)
    assert one(second, predict, (5,)) == before

    # Prepared within a transaction, by hand.
    first.execute("PREPARE chances (int) AS SELECT probability FROM customer_ai.predict('repurchase', $1)")
    assert first.execute("EXECUTE chances (5)").fetchone() == before
    first.execute("DEALLOCATE chances")
    first.commit()

    # An error of one is none of the other.
    try:
        first.execute("SELECT * FROM customer_ai.gains('nothing')")
        raise AssertionError("a model that is not there is judged")
    except psycopg.errors.UndefinedObject:
        first.rollback()
    assert one(second, predict, (5,)) == before
    first.close()
    second.close()
