//! How a view makes an instant of a column, by what the statistics of the planner know of its values.

use crate::pg::relation::{Category, Column, Relation, quote};
use crate::pg::sql;

/// What to do with a column that is to be a time and is not of such a type.
pub fn time_hint(relation: &Relation, column: &Column) -> String {
    let name = quote(&column.name);
    let seen = seen(relation, column);
    match column.category {
        Category::Number => match seen.and_then(|text| text.parse::<f64>().ok()) {
            Some(value) => of_number(&name, value),
            None => format!(
                "Use a view: if it counts seconds since 1970 with to_timestamp({name}), if milliseconds with to_timestamp({name} / 1000.0), if microseconds with to_timestamp({name} / 1000000.0)."
            ),
        },
        Category::Text => match seen {
            Some(value) => of_text(&name, &value),
            None => format!(
                "Use a view with {name}::timestamptz, or with to_timestamp({name}, 'DD/MM/YYYY HH24:MI') in the form that its texts have."
            ),
        },
        _ => "Name a column of one of these types, or use a view that casts it.".to_owned(),
    }
}

/// The unit of a number that counts from 1970, by its size: from 1973 to 5138 they do not overlap.
fn of_number(name: &str, value: f64) -> String {
    let (unit, cast) = match value.abs() {
        size if size < 1e8 => {
            return format!(
                "Its values, such as {value}, count no seconds since 1970: name another column, or use a view that makes an instant of it."
            );
        }
        size if size < 1e11 => ("seconds", format!("to_timestamp({name})")),
        size if size < 1e14 => ("milliseconds", format!("to_timestamp({name} / 1000.0)")),
        size if size < 1e17 => ("microseconds", format!("to_timestamp({name} / 1000000.0)")),
        _ => (
            "nanoseconds",
            format!("to_timestamp({name} / 1000000000.0)"),
        ),
    };
    format!("Its values, such as {value}, look like {unit} since 1970: use a view with {cast}.")
}

/// The form of a text that says a date.
fn of_text(name: &str, value: &str) -> String {
    let shape: String = value
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '9' } else { letter })
        .collect();
    let cast = match shape.as_str() {
        "99999999" => format!("to_date({name}, 'YYYYMMDD')"),
        "99999999999999" => format!("to_timestamp({name}, 'YYYYMMDDHH24MISS')"),
        shape if shape.starts_with("9999-99-99") => format!("{name}::timestamptz"),
        shape if shape.starts_with("99/99/9999") => {
            format!("to_timestamp({name}, 'DD/MM/YYYY HH24:MI'), or 'MM/DD/YYYY HH24:MI'")
        }
        shape if shape.starts_with("99.99.9999") => {
            format!("to_timestamp({name}, 'DD.MM.YYYY HH24:MI')")
        }
        _ => format!("to_timestamp({name}, 'DD/MM/YYYY HH24:MI'), in the form of these texts"),
    };
    let value: String = value.chars().take(40).collect();
    format!("Its values look like \"{value}\": use a view with {cast}.")
}

/// A value of the column, if the planner has statistics of it that the current role may see.
fn seen(relation: &Relation, column: &Column) -> Option<String> {
    let query = "SELECT (coalesce(s.histogram_bounds, s.most_common_vals)::pg_catalog.text::pg_catalog.text[])[1]
        FROM pg_catalog.pg_stats s
        WHERE s.schemaname = $1::pg_catalog.name AND s.tablename = $2::pg_catalog.name
            AND s.attname = $3::pg_catalog.name";
    let arguments = [
        relation.schema.as_str().into(),
        relation.name.as_str().into(),
        column.name.as_str().into(),
    ];
    let found = sql::row(query, &arguments, |row| Ok(row.get::<String>(1)?));
    found.ok().flatten().flatten()
}
