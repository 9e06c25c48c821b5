//! Views and materialized views that are dropped and made again, with their comments, rights, options, indexes and
//! table spaces.

use super::table::Table;
use crate::error::{Error, not_null};
use crate::pg::relation::{literal, qualified, quote};
use crate::pg::sql;

pub use super::table::table;

/// A view or a materialized view that is dropped and made again.
pub struct Reader {
    pub table: Table,
    materialized: bool,
    /// What makes it, and what it had.
    statements: Vec<String>,
}

impl Reader {
    fn kind(&self) -> &'static str {
        if self.materialized {
            "MATERIALIZED VIEW"
        } else {
            "VIEW"
        }
    }

    /// Takes down what it is.
    pub fn look(table: &Table) -> Result<Self, Error> {
        let query = "SELECT c.relkind = 'm', c.relispopulated,
                pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';'),
                pg_catalog.array_to_string(c.reloptions, ', ')
            FROM pg_catalog.pg_class c WHERE c.oid = $1";
        let (materialized, populated, definition, options) =
            not_null(sql::row(query, &[table.oid.into()], |row| {
                Ok((
                    not_null(row.get::<bool>(1)?)?,
                    not_null(row.get::<bool>(2)?)?,
                    not_null(row.get::<String>(3)?)?,
                    row.get::<String>(4)?,
                ))
            })?)?;
        let mut reader = Self {
            table: table.clone(),
            materialized,
            statements: Vec::new(),
        };
        let (kind, name) = (reader.kind(), table.sql());
        let options = options.map_or_else(String::new, |options| format!(" WITH ({options})"));
        let data = if materialized && !populated {
            " WITH NO DATA"
        } else {
            ""
        };
        reader.statements.push(format!(
            "CREATE {kind} {name}{options} AS {definition}{data}"
        ));
        reader.note_comments()?;
        reader.note_indexes()?;
        reader.note_spaces()?;
        reader.note_rights()?;
        Ok(reader)
    }

    fn note_comments(&mut self) -> Result<(), Error> {
        let query = "SELECT a.attname::pg_catalog.text, d.description
            FROM pg_catalog.pg_description d
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
            WHERE d.objoid = $1 AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass ORDER BY d.objsubid";
        let comments = sql::rows(query, &[self.table.oid.into()], |row| {
            Ok((row.get::<String>(1)?, not_null(row.get::<String>(2)?)?))
        })?;
        let name = self.table.sql();
        for (column, text) in comments {
            let object = match column {
                Some(column) => format!("COLUMN {name}.{}", quote(&column)),
                None => format!("{} {name}", self.kind()),
            };
            self.statements
                .push(format!("COMMENT ON {object} IS {}", literal(&text)));
        }
        Ok(())
    }

    fn note_indexes(&mut self) -> Result<(), Error> {
        let query = "SELECT pg_catalog.pg_get_indexdef(i.indexrelid), c.relname::pg_catalog.text,
                pg_catalog.obj_description(i.indexrelid, 'pg_class')
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = $1 ORDER BY i.indexrelid";
        let indexes = sql::rows(query, &[self.table.oid.into()], |row| {
            let name = qualified(&self.table.schema, &not_null(row.get::<String>(2)?)?);
            let comment = row.get::<String>(3)?;
            let comment =
                comment.map(|text| format!("COMMENT ON INDEX {name} IS {}", literal(&text)));
            Ok([Some(not_null(row.get::<String>(1)?)?), comment])
        })?;
        self.statements
            .extend(indexes.into_iter().flatten().flatten());
        Ok(())
    }

    /// Where it and its indexes are, as far as its owner may put something there.
    fn note_spaces(&mut self) -> Result<(), Error> {
        let query = "SELECT c.relkind = 'i', c.relname::pg_catalog.text, pg_catalog.quote_ident(s.spcname)
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace
            WHERE (c.oid = $1 OR c.oid IN (SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE i.indrelid = $1))
                AND pg_catalog.has_tablespace_privilege(s.oid, 'CREATE')
            ORDER BY c.oid";
        let moves = sql::rows(query, &[self.table.oid.into()], |row| {
            let kind = if not_null(row.get::<bool>(1)?)? {
                "INDEX"
            } else {
                self.kind()
            };
            let name = qualified(&self.table.schema, &not_null(row.get::<String>(2)?)?);
            let space = not_null(row.get::<String>(3)?)?;
            Ok(format!("ALTER {kind} {name} SET TABLESPACE {space}"))
        })?;
        self.statements.extend(moves);
        Ok(())
    }

    /// The rights of others, of the whole and of columns.
    fn note_rights(&mut self) -> Result<(), Error> {
        let query = "SELECT r.privilege_type,
                CASE WHEN r.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r.grantee)) END,
                r.is_grantable, r.attname
            FROM (SELECT x.privilege_type, x.grantee, x.is_grantable, NULL::pg_catalog.text AS attname, c.relowner
                    FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) x WHERE c.oid = $1
                UNION ALL SELECT x.privilege_type, x.grantee, x.is_grantable, a.attname::pg_catalog.text, c.relowner
                    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid,
                        pg_catalog.aclexplode(a.attacl) x WHERE a.attrelid = $1) r
            WHERE r.grantee <> r.relowner ORDER BY 4, 2, 1";
        let name = self.table.sql();
        let grants = sql::rows(query, &[self.table.oid.into()], |row| {
            let column = row.get::<String>(4)?;
            let column = column.map_or_else(String::new, |column| format!(" ({})", quote(&column)));
            let option = if not_null(row.get::<bool>(3)?)? {
                " WITH GRANT OPTION"
            } else {
                ""
            };
            Ok(format!(
                "GRANT {}{column} ON TABLE {name} TO {}{option}",
                not_null(row.get::<String>(1)?)?,
                not_null(row.get::<String>(2)?)?
            ))
        })?;
        self.statements.extend(grants);
        Ok(())
    }

    /// Drops it.
    pub fn drop(&self) -> Result<(), Error> {
        sql::run(&format!("DROP {} {}", self.kind(), self.table.sql()))
    }

    /// Has it made by another statement.
    pub fn set_create(&mut self, statement: String) {
        if let Some(create) = self.statements.first_mut() {
            *create = statement;
        }
    }

    /// Makes it again.
    pub fn make(&self) -> Result<(), Error> {
        let mut statements = self.statements.iter();
        if let Some(create) = statements.next() {
            sql::run(create)?;
            self.take_default_rights()?;
        }
        statements.try_for_each(|statement| sql::run(statement))
    }

    /// Takes away what ALTER DEFAULT PRIVILEGES has given: its rights are those that it had.
    fn take_default_rights(&self) -> Result<(), Error> {
        let query = "SELECT DISTINCT
                CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
                pg_catalog.aclexplode(c.relacl) x
            WHERE n.nspname = $1::pg_catalog.name AND c.relname = $2::pg_catalog.name AND x.grantee <> c.relowner";
        let arguments = [
            self.table.schema.as_str().into(),
            self.table.name.as_str().into(),
        ];
        let grantees = sql::rows(query, &arguments, |row| not_null(row.get::<String>(1)?))?;
        let name = self.table.sql();
        grantees
            .iter()
            .try_for_each(|grantee| sql::run(&format!("REVOKE ALL ON TABLE {name} FROM {grantee}")))
    }
}
