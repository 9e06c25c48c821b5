//! The PostgreSQL layer: thin glue around `propensity`.

mod args;
mod catalog;
mod condition;
mod define;
mod error;
mod owner;
mod relation;
mod segment;
mod sqltype;

pgrx::pg_module_magic!();

pgrx::extension_sql_file!("../sql/tables.sql", name = "tables", bootstrap);
pgrx::extension_sql_file!(
    "../sql/views.sql",
    name = "views",
    requires = ["tables", owner::is_mine]
);
pgrx::extension_sql_file!("../sql/grants.sql", name = "grants", requires = ["views"]);
pgrx::extension_sql_file!("../sql/comments.sql", name = "comments", finalize);
