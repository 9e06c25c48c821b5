//! Prints the SQL of the extension from its library, as `cargo pgrx schema` does: pgrx keeps there, in a section of its
//! own, what every `#[pg_extern]` and `extension_sql_file!` says.
//!
//! ```text
//! schema customer_ai.control VERSION target/release/libcustomer_ai.so >customer_ai--VERSION.sql
//! ```

use eyre::{OptionExt, Result, bail};
use object::{Object, ObjectSection};
use pgrx_sql_entity_graph::section::{decode_entities, is_schema_section_name};
use pgrx_sql_entity_graph::{ControlFile, PgrxSql, SqlGraphEntity};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [control, version, library] = &arguments[..] else {
        bail!("usage: schema CONTROL-FILE VERSION LIBRARY");
    };
    let bytes = std::fs::read(library)?;
    let library = object::File::parse(&*bytes)?;
    let section = library
        .sections()
        .find(|section| section.name().is_ok_and(is_schema_section_name))
        .ok_or_eyre("the library has no section of pgrx: was it linked with --no-gc-sections?")?;
    let control = ControlFile::from_path_with_cargo_version(control, version)?;
    let entities = std::iter::once(SqlGraphEntity::ExtensionRoot(control))
        .chain(decode_entities(section.data()?)?);
    PgrxSql::build(entities, "customer_ai".to_owned(), false)?.write(&mut std::io::stdout())
}
