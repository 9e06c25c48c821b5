//! The PostgreSQL layer: thin glue around `propensity`.
pgrx::pg_module_magic!();
