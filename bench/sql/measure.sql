-- One stage: -v events= stage= statement= threads= backend=FILE, which gets the process of this backend.
\pset tuples_only on
\pset format unaligned
\o :backend
SELECT pg_backend_pid();
\o
SET client_min_messages = error;
SET max_parallel_workers_per_gather = 0;
SET max_parallel_maintenance_workers = 0;
SET jit = off;
SET customer_ai.threads = :threads;
SELECT bench.measure(:events, :'stage', :'statement');
