//! The PostgreSQL layer: thin glue around `propensity`.

mod aggregate;
mod args;
mod attempt;
mod backtest;
mod catalog;
mod check;
mod compared;
mod condition;
mod context;
mod define;
mod describe;
mod error;
mod examples;
mod features;
mod forget;
mod gather;
mod goal;
mod guc;
mod held;
mod instant;
mod jit;
mod laps;
mod memory;
mod notice;
mod owner;
mod place;
mod placeholder;
mod plan;
mod predict;
mod pushed;
mod relation;
mod rows;
mod score;
mod segment;
mod span;
mod sql;
mod sqltype;
mod stream;
mod thread;
mod train;
mod updates;
mod version;

pgrx::pg_module_magic!();

pgrx::extension_sql_file!("../sql/tables.sql", name = "tables", bootstrap);
pgrx::extension_sql_file!(
    "../sql/views.sql",
    name = "views",
    requires = [
        "tables",
        owner::is_mine,
        owner::owner_now,
        place::relation_now
    ]
);
pgrx::extension_sql_file!(
    "../sql/aggregates.sql",
    name = "aggregates",
    requires = ["tables"]
);
pgrx::extension_sql_file!(
    "../sql/reading.sql",
    name = "reading",
    requires = ["tables"]
);
pgrx::extension_sql_file!("../sql/grants.sql", name = "grants", requires = ["views"]);
pgrx::extension_sql_file!("../sql/comments.sql", name = "comments", finalize);

/// Called by PostgreSQL when it loads the library.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    guc::register();
}
