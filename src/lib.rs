//! The PostgreSQL layer: thin glue around `propensity`.

mod aggregate;
mod catalog;
mod error;
mod feed;
mod pg;
mod row;
mod source;
mod store;
mod verbs;

pgrx::pg_module_magic!();

/// Makes the schema known to pgrx; sql/tables.sql creates it.
#[pgrx::pg_schema]
mod customer_ai_internal {}

pgrx::extension_sql_file!("../sql/tables.sql", name = "tables", bootstrap);
pgrx::extension_sql_file!(
    "../sql/views.sql",
    name = "views",
    requires = [
        "tables",
        catalog::owner::is_mine,
        catalog::owner::owner_now,
        catalog::place::relation_now,
        verbs::schedule::jobs
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
pgrx::extension_sql_file!("../sql/refresh.sql", name = "refresh", requires = ["views"]);
pgrx::extension_sql_file!(
    "../sql/help.sql",
    name = "help",
    requires = ["refresh", verbs::schedule::training_due]
);
pgrx::extension_sql_file!(
    "../sql/audit.sql",
    name = "audit",
    requires = ["grants", verbs::schedule::is_our_own]
);
pgrx::extension_sql_file!(
    "../sql/comments/tables.sql",
    name = "comments_tables",
    requires = ["tables"]
);
pgrx::extension_sql_file!(
    "../sql/comments/views.sql",
    name = "comments_views",
    requires = ["views"]
);
pgrx::extension_sql_file!("../sql/functions.sql", name = "functions", finalize);

/// Called by PostgreSQL when it loads the library.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    pg::installed::check().unwrap_or_else(|error| error.throw());
    pg::guc::register();
}
