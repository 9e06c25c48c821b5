//! What there is to say about a goal that nobody meets, or everybody.

use pgrx::Spi;

use crate::catalog::Definition;
use crate::error::{Error, nearest, not_null};
use crate::pg::relation::quote;
use crate::source;
use crate::source::compared::{Compared, compared};

/// Values that a message shows.
const SHOWN: usize = 5;

/// How many events meet the goal, and which values there are of what it asks: read again, for a message only. Nothing of
/// a goal about several events but the values.
pub fn explained(definition: &Definition) -> Result<String, Error> {
    let sources = source::open_events(definition)?;
    let from = source::seen_sql(&sources);
    let known = |name: &str| {
        let mut columns = sources.iter().flat_map(|events| &events.columns);
        name == "event" || name == "source" || columns.any(|column| column.name == name)
    };
    let asked: Vec<Compared> = compared(&definition.goal.text)
        .into_iter()
        .filter(|compared| known(&compared.column))
        .collect();
    let column = asked.first().map_or("event", |first| first.column.as_str());
    let values = values(&from, column)?;
    let there = described(column, &values);
    let wanted = asked.iter().filter(|asked| asked.column == column);
    let missing = wanted.filter(|asked| values.iter().all(|(value, _)| *value != asked.value));
    let missing: Vec<String> = missing
        .filter(|_| values.len() <= SHOWN)
        .map(|asked| {
            let like = nearest(&asked.value, values.iter().map(|(value, _)| value.as_str()));
            match like {
                Some(like) => format!(", not {} (perhaps you meant {like})", asked.value),
                None => format!(", not {}", asked.value),
            }
        })
        .collect();
    let there = format!("{there}{}", missing.concat());
    if definition.goal.aggregate {
        return Ok(there);
    }
    let query = format!(
        "SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE ({}\n)) FROM {from}",
        definition.goal.sql
    );
    let (events, meeting) = Spi::connect(|client| {
        let row = client.select(query.as_str(), Some(1), &[])?.first();
        let count = |value: Option<i64>| not_null(value);
        Ok::<_, Error>((count(row.get(1)?)?, count(row.get(2)?)?))
    })?;
    Ok(format!(
        "{} of {} events meet it; {there}",
        grouped(meeting),
        grouped(events)
    ))
}

/// The most frequent values of a column of events with how often they occur: one more than are shown.
fn values(from: &str, column: &str) -> Result<Vec<(String, i64)>, Error> {
    let query = format!(
        "SELECT coalesce(v.value, 'NULL'), pg_catalog.count(*) \
        FROM (SELECT e.{}::pg_catalog.text AS value FROM {from}) v \
        GROUP BY v.value ORDER BY 2 DESC, 1 LIMIT {}",
        quote(column),
        SHOWN + 1
    );
    Spi::connect(|client| {
        let rows = client.select(query.as_str(), None, &[])?;
        rows.map(|row| Ok((not_null(row.get(1)?)?, not_null(row.get(2)?)?)))
            .collect()
    })
}

/// Values in words: "event is view (3,959) or buy (41)".
fn described(column: &str, values: &[(String, i64)]) -> String {
    let shorten = |value: &str| match value.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    };
    let shown = values.iter().take(SHOWN);
    let mut shown: Vec<String> = shown
        .map(|(value, count)| format!("{} ({})", shorten(value), grouped(*count)))
        .collect();
    if values.len() > SHOWN {
        shown.push("others".to_owned());
    }
    match shown.split_last() {
        None => format!("{column} has no values"),
        Some((only, [])) => format!("{column} is always {only}"),
        Some((last, others)) => format!("{column} is {} or {last}", others.join(", ")),
    }
}

/// A number with commas between thousands.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The literals that conditions compare `event` or `source` with in vain: without a type column every event of the
/// source is called as its relation is.
pub fn never_equal(texts: &[&str], name: &str, always: &str) -> Option<String> {
    let mut asked = texts.iter().flat_map(|text| compared(text));
    let other = asked.find(|asked| asked.column == name && asked.value != always);
    other.map(|asked| asked.value)
}
