//! The PostgreSQL layer: thin glue around `propensity`.

mod args;
mod catalog;
mod condition;
mod error;
mod owner;
mod relation;

pgrx::pg_module_magic!();

pgrx::extension_sql_file!("../sql/tables.sql", name = "tables", bootstrap);
pgrx::extension_sql_file!("../sql/views.sql", name = "views", requires = ["tables"]);
pgrx::extension_sql_file!("../sql/grants.sql", name = "grants", requires = ["views"]);
