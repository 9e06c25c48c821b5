//! Arguments of SQL functions, checked once, into types that cannot be wrong. Every default lives here.

use pgrx::datum::Interval;
use propensity::features::schema::TextUse;
use propensity::fit::Algorithm;
use propensity::learn::boosting::MAX_FORESTS;
use propensity::model::score::Buckets;
use propensity::time::{DAY, Length};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use crate::error::Error;

/// The value of an argument that must not be NULL.
pub fn required<T>(argument: &'static str, value: Option<T>) -> Result<T, Error> {
    value.ok_or(Error::NullArgument { argument })
}

/// The longest label, in characters.
const LONGEST_LABEL: usize = 63;
/// How a label is written.
pub const LABEL_HINT: &str =
    "Write for example label => 'before the new prices'; NULL takes the label away.";

/// The label of a version.
///
/// # Errors
/// 22023 for one that is blank, has control characters or is too long.
pub fn label_of_version(label: &str) -> Result<(), Error> {
    let length = label.chars().count();
    if label.trim().is_empty() || label.contains(char::is_control) || length > LONGEST_LABEL {
        let shown: String = label.chars().take(LONGEST_LABEL).collect();
        return Err(Error::Argument {
            argument: "label",
            found: format!("\"{}\" of {length} characters", shown.escape_debug()),
            required: "a text of 1 to 63 characters, none of them a control character".to_owned(),
            hint: LABEL_HINT.to_owned(),
        });
    }
    Ok(())
}

/// An interval of PostgreSQL.
pub fn length(interval: &Interval) -> Length {
    Length {
        months: interval.months(),
        days: interval.days(),
        micros: interval.micros(),
    }
}

/// A window: not zero, no negative part, at most 100 years.
///
/// # Errors
/// 22023 for an empty, negative, mixed or infinite interval, 22008 for one beyond 100 years.
pub fn window(argument: &'static str, interval: Interval) -> Result<Length, Error> {
    let window = length(&interval);
    let (months, days, micros) = (window.months, window.days, window.micros);
    // PostgreSQL 17 has infinite intervals: all three parts at their ends.
    if (months, days, micros) == (i32::MAX, i32::MAX, i64::MAX) {
        return Err(Error::Window {
            argument,
            found: "infinity".to_owned(),
        });
    }
    let found = window.to_string();
    if months < 0 || days < 0 || micros < 0 || window == Length::default() {
        return Err(Error::Window { argument, found });
    }
    let length = f64::from(months) * 30.44 + f64::from(days) + micros as f64 / DAY as f64;
    if length > 36_525.0 {
        return Err(Error::WindowTooLong { argument, found });
    }
    Ok(window)
}

/// The options of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Name of the score relation, if not `<model>_scores`.
    pub scores: Option<String>,
    /// First score of the medium and of the high bucket.
    pub buckets: Buckets,
    /// Seed of everything random.
    pub seed: i64,
    /// Learners to try.
    pub algorithm: Algorithm,
    /// How many forests are averaged; None: by the number of examples.
    pub forests: Option<usize>,
    /// How many factors are written per profile.
    pub factors: usize,
    /// How many scoring runs are kept.
    pub keep_runs: usize,
    /// How many versions are kept.
    pub keep_versions: usize,
    /// How long a version is used before `refresh` trains the next; None: for ever.
    pub retrain_every: Option<String>,
    /// For how many days the changes of segments are kept.
    pub keep_changes: usize,
    /// Most examples to learn from; None: what memory holds.
    pub max_training_rows: Option<u64>,
    /// Time zone in which timestamps without one and dates are read; None: the session's when created.
    pub timezone: Option<String>,
    /// The only columns to use; None: all that can be.
    pub columns: Option<Vec<String>>,
    /// Columns not to use.
    pub ignore: Vec<String>,
    /// More attributes of events, by name: SQL expressions.
    pub attributes: BTreeMap<String, String>,
    /// What columns are to be taken for, by name, instead of what their types and names say.
    pub take_as: BTreeMap<String, TakeAs>,
    /// Dates of events and profiles that are known before they come.
    pub known_ahead: Vec<String>,
    /// Train on fewer examples than can be judged.
    pub allow_small: bool,
    /// The goal in the names of factors.
    pub goal_name: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scores: None,
            buckets: Buckets::default(),
            seed: 1,
            algorithm: Algorithm::Auto,
            forests: None,
            factors: 3,
            keep_runs: 10,
            keep_versions: 10,
            keep_changes: 400,
            retrain_every: Some("3 months".to_owned()),
            max_training_rows: None,
            timezone: None,
            columns: None,
            ignore: Vec::new(),
            attributes: BTreeMap::new(),
            take_as: BTreeMap::new(),
            known_ahead: Vec::new(),
            allow_small: false,
            goal_name: None,
        }
    }
}

const MAX_TEXT: usize = 64 * 1024;

impl Options {
    /// Reads options from the text of a jsonb value. jsonb itself would be read by pgrx with a panic on odd input.
    ///
    /// # Errors
    /// 22023 for anything but an object, for unknown keys, wrong types and values out of range; 54000 for limits.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut options = Self::default();
        for (key, value) in &Self::object(text)? {
            options.set(key, value)?;
        }
        Ok(options)
    }

    /// The text of options with some changed: a key with null loses its value, and has its default again.
    ///
    /// # Errors
    /// Those of [`Self::parse`], also for a null of an option that does not exist.
    pub fn merged(known: &str, changes: &str) -> Result<String, Error> {
        let mut object = Self::object(known)?;
        for (key, value) in Self::object(changes)? {
            if value.is_null() {
                if let Err(error @ Error::UnknownOption { .. }) = Self::default().set(&key, &value)
                {
                    return Err(error);
                }
                object.remove(&key);
            } else {
                object.insert(key, value);
            }
        }
        Ok(Value::Object(object).to_string())
    }

    fn object(text: &str) -> Result<Map<String, Value>, Error> {
        if text.len() > MAX_TEXT {
            return Err(Error::OptionLimit {
                option: "options".to_owned(),
                found: format!("{} bytes", text.len()),
                limit: format!("{MAX_TEXT} bytes"),
            });
        }
        let value: Value = serde_json::from_str(text).map_err(|error| Error::Argument {
            argument: "options",
            found: error.to_string(),
            required: "JSON with numbers that double precision holds, less than 128 levels deep"
                .to_owned(),
            hint: "Write for example options => '{\"seed\": 1}'.".to_owned(),
        })?;
        let Value::Object(object) = value else {
            return Err(Error::OptionsShape {
                found: shown(&value),
            });
        };
        Ok(object)
    }

    fn set(&mut self, key: &str, value: &Value) -> Result<(), Error> {
        let option = Given { key, value };
        match key {
            "scores" => self.scores = Some(option.relation()?),
            "buckets" => self.buckets = option.buckets()?,
            "seed" => self.seed = option.integer(i64::MIN, i64::MAX)?,
            "algorithm" => self.algorithm = option.algorithm()?,
            "forests" => self.forests = Some(option.count(MAX_FORESTS as u32)?),
            "factors" => self.factors = option.count(20)?,
            "keep_runs" => self.keep_runs = option.count(1000)?,
            "keep_versions" => self.keep_versions = option.count(1000)?,
            "retrain_every" => self.retrain_every = option.period()?,
            "keep_changes" => self.keep_changes = option.count(100_000)?,
            "max_training_rows" => self.max_training_rows = Some(option.count(100_000_000)? as u64),
            "timezone" => self.timezone = Some(option.text()?),
            "columns" => self.columns = Some(option.names()?),
            "ignore" => self.ignore = option.names()?,
            "attributes" => self.attributes = option.expressions()?,
            "take_as" => self.take_as = option.take_as()?,
            "known_ahead" => self.known_ahead = option.names()?,
            "allow_small" => self.allow_small = option.boolean()?,
            "goal_name" => self.goal_name = Some(option.text()?),
            _ => {
                return Err(Error::UnknownOption {
                    option: key.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// One option as it was given.
struct Given<'a> {
    key: &'a str,
    value: &'a Value,
}

impl Given<'_> {
    fn wrong<T>(&self, required: impl Into<String>) -> Result<T, Error> {
        Err(Error::Option {
            option: self.key.to_owned(),
            found: shown(self.value),
            required: required.into(),
        })
    }

    fn integer(&self, low: i64, high: i64) -> Result<i64, Error> {
        match self.value.as_i64() {
            Some(number) if (low..=high).contains(&number) => Ok(number),
            _ => self.wrong(format!("an integer from {low} to {high}")),
        }
    }

    /// A positive integer; beyond the limit it is a limit that is exceeded, not a mistake in the value.
    fn count(&self, limit: u32) -> Result<usize, Error> {
        match self.value.as_u64() {
            Some(number) if (1..=u64::from(limit)).contains(&number) => Ok(number as usize),
            Some(number) if number > 0 => Err(Error::OptionLimit {
                option: self.key.to_owned(),
                found: number.to_string(),
                limit: limit.to_string(),
            }),
            _ => self.wrong(format!("an integer from 1 to {limit}")),
        }
    }

    fn boolean(&self) -> Result<bool, Error> {
        self.value
            .as_bool()
            .map_or_else(|| self.wrong("true or false"), Ok)
    }

    fn text(&self) -> Result<String, Error> {
        match self.value.as_str() {
            Some(text) if !text.trim().is_empty() && !text.contains(char::is_control) => {
                Ok(text.to_owned())
            }
            Some(text) if !text.trim().is_empty() => {
                self.wrong("a text without control characters")
            }
            _ => self.wrong("a text that is not empty"),
        }
    }

    /// A number of days, weeks, months or years, or "never".
    fn period(&self) -> Result<Option<String>, Error> {
        let text = self.value.as_str().unwrap_or_default();
        if text == "never" {
            return Ok(None);
        }
        let (number, unit) = text.split_once(' ').unwrap_or_default();
        let number: u16 = number.parse().unwrap_or(0);
        let units = ["day", "week", "month", "year"];
        if (1..=9999).contains(&number) && units.contains(&unit.trim_end_matches('s')) {
            return Ok(Some(text.to_owned()));
        }
        self.wrong("a number of days, weeks, months or years, as \"3 months\", or \"never\"")
    }

    /// SQL, which may go over several lines.
    fn expression(&self) -> Result<String, Error> {
        match self.value.as_str() {
            Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
            _ => self.wrong("a text that is not empty"),
        }
    }

    /// A name that Postgres would not shorten.
    fn name(&self) -> Result<String, Error> {
        let text = self.text()?;
        if text.len() < 64 && !text.contains(char::is_control) {
            Ok(text)
        } else {
            self.wrong("a name of at most 63 bytes without control characters")
        }
    }

    /// A name, perhaps behind that of a schema.
    fn relation(&self) -> Result<String, Error> {
        let text = self.text()?;
        if text.len() < 128 && !text.contains(char::is_control) {
            Ok(text)
        } else {
            self.wrong("a relation's name of at most 63 bytes without control characters, or one behind a schema's")
        }
    }

    fn names(&self) -> Result<Vec<String>, Error> {
        let Some(items) = self.value.as_array() else {
            return self.wrong("a list of column names");
        };
        if items.is_empty() && self.key == "columns" {
            return self.wrong("a list of at least one column name");
        }
        items
            .iter()
            .map(|value| {
                Given {
                    key: self.key,
                    value,
                }
                .name()
            })
            .collect()
    }

    fn expressions(&self) -> Result<BTreeMap<String, String>, Error> {
        let Some(object) = self.value.as_object() else {
            return self.wrong("an object of names and SQL expressions");
        };
        let expression = |(name, value): (&String, &Value)| {
            let key = Given {
                key: self.key,
                value: &Value::String(name.clone()),
            }
            .name()?;
            Ok((
                key,
                Given {
                    key: self.key,
                    value,
                }
                .expression()?,
            ))
        };
        object.iter().map(expression).collect()
    }

    fn take_as(&self) -> Result<BTreeMap<String, TakeAs>, Error> {
        let required = "an object of column names and \"amount\", \"category\" or \"identifier\"";
        let Some(object) = self.value.as_object() else {
            return self.wrong(required);
        };
        let entry = |(name, value): (&String, &Value)| {
            let found = value.as_str().unwrap_or_default();
            let known = TakeAs::ALL.into_iter().find(|known| known.name() == found);
            known.map_or_else(|| self.wrong(required), |known| Ok((name.clone(), known)))
        };
        object.iter().map(entry).collect()
    }

    fn algorithm(&self) -> Result<Algorithm, Error> {
        let known = self.value.as_str().unwrap_or_default().parse();
        known.or_else(|_| self.wrong("\"auto\", \"logistic\" or \"trees\""))
    }

    fn buckets(&self) -> Result<Buckets, Error> {
        let limits = self.value.as_array().map(Vec::as_slice);
        let score = |value: &Value| i16::try_from(value.as_i64()?).ok();
        let buckets = match limits {
            Some([low, high]) => score(low).zip(score(high)),
            _ => None,
        };
        let buckets = buckets.and_then(|(low, high)| Buckets::new(low, high).ok());
        buckets.map_or_else(
            || self.wrong("two integers [low, high] with 0 < low < high <= 100"),
            Ok,
        )
    }
}

/// A JSON value, shortened, for a message.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Array(items) if items.len() > 10 => format!("an array of {} items", items.len()),
        Value::Object(object) if is_long(object) => format!("an object of {} keys", object.len()),
        _ => value.to_string(),
    };
    if text.chars().count() <= 60 {
        text
    } else {
        text.chars().take(57).chain("...".chars()).collect()
    }
}

fn is_long(object: &Map<String, Value>) -> bool {
    object.len() > 5
}

/// What a user may ask for with the option `take_as`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakeAs {
    /// A number: sums and means are made of it.
    Amount,
    /// A name of which there are few: each value counts by itself.
    Category,
    /// A name of which there are many: only how many different ones there are counts.
    Identifier,
}

impl TakeAs {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Amount, Self::Category, Self::Identifier];

    /// As users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::Category => "category",
            Self::Identifier => "identifier",
        }
    }

    /// What a text is to be.
    pub fn text_use(self) -> Option<TextUse> {
        match self {
            Self::Amount => None,
            Self::Category => Some(TextUse::Category),
            Self::Identifier => Some(TextUse::Identifier),
        }
    }
}
