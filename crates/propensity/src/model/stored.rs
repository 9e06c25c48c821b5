//! A model as bytes: one JSON document for what is words, flat arrays for what is numbers.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::features::Labels;
use crate::features::schema::Schema;
use crate::learn::boosting::{Forest, ForestParts};
use crate::learn::encoder::Encoder;
use crate::learn::logistic::{Logistic, Standardizer};
use crate::learn::tree::Node;
use crate::model::format::{Reader, Writer, corrupted};
use crate::model::{Background, Model};

/// A name of a feature or factor is no longer than this many bytes.
const LONGEST_NAME: usize = 4096;
/// The words of a model take no more bytes than this, and are no more values.
const LONGEST_WORDS: usize = 16 << 20;
const MOST_PAIRS: usize = 1 << 10;
const MOST_VALUES: usize = 1 << 18;

/// The part of a model that is words: borrowed to write, owned when read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words<S, E> {
    schema: S,
    encoder: E,
    /// Of a model on its way to another server; one that is stored has none.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    labels: Labels,
}

impl Model {
    /// The model as bytes, the same for the same model; [`Self::decode`] reads them.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`], or [`Error::Corrupted`] for a model that could not be read back.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        self.validate()?;
        let words = Words {
            schema: &self.schema,
            encoder: &self.encoder,
            labels: self.labels.clone(),
        };
        let words = serde_json::to_vec(&words).map_err(|_| corrupted("its words are no JSON"))?;
        ensure(are_modest(&words), "its words are too many")?;
        let mut writer = Writer::default();
        writer.bytes(&words)?;
        writer.f64s(&[self.base_rate])?;
        writer.f64s(&self.background.linear)?;
        writer.f64s(&self.background.trees)?;
        write_usual(&mut writer, &self.background.usual)?;
        write_logistic(&mut writer, self.logistic.as_ref())?;
        write_forest(&mut writer, self.forest.as_ref())?;
        Ok(writer.finish())
    }

    /// Reads a model; whatever the bytes are, it takes no more memory than a small multiple of
    /// them, and what it returns can be predicted with.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFormat`] for bytes of an older or newer library, [`Error::Corrupted`] for all else
    /// that is not a model, [`Error::OutOfMemory`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes)?;
        let words = reader.bytes()?;
        ensure(are_modest(words), "its words are too many")?;
        let words: Words<Schema, Encoder> =
            serde_json::from_slice(words).map_err(|_| corrupted("its words do not parse"))?;
        let base_rate = one(&reader.f64s()?)?;
        let background = Background {
            linear: reader.f64s()?,
            trees: reader.f64s()?,
            usual: read_usual(&mut reader)?,
        };
        let logistic = read_logistic(&mut reader)?;
        let forest = read_forest(&mut reader)?;
        reader.finish()?;
        let model = Self {
            schema: words.schema,
            encoder: words.encoder,
            logistic,
            forest,
            base_rate,
            background,
            labels: words.labels,
        };
        model.validate()?;
        Ok(model)
    }

    /// Whether the parts fit together, so that predicting cannot go wrong.
    fn validate(&self) -> Result<(), Error> {
        self.schema.validate()?;
        // Each pair of type and attribute has a dozen features: bounded before they are described.
        ensure(
            self.schema.pairs.len() <= MOST_PAIRS,
            "it has too many pairs",
        )?;
        let features = self.schema.features();
        let names = features.iter().flat_map(|f| [&f.name, &f.factor, &f.label]);
        let mut names = names.chain(self.labels.texts());
        ensure(names.all(|name| is_name(name)), "a name is odd")?;
        self.encoder.validate(features.len())?;
        let columns = self.encoder.columns();
        let has_half = self.logistic.is_some() || self.forest.is_some();
        ensure(has_half, "it has no learner")?;
        if let Some(logistic) = &self.logistic {
            logistic.validate(columns)?;
            let mut shares = logistic.scale.missing.iter();
            let within = shares.all(|share| (0.0..=1.0).contains(share));
            ensure(within, "a share is not between 0 and 1")?;
        }
        if let Some(forest) = &self.forest {
            ensure(forest.columns() == columns, "its trees read other columns")?;
        }
        let inside = self.base_rate > 0.0 && self.base_rate < 1.0;
        ensure(inside, "its base rate is not between 0 and 1")?;
        let factors = self.factors().len();
        let means = |member: bool| factors * usize::from(member);
        let Background {
            linear,
            trees,
            usual,
        } = &self.background;
        let fits = linear.len() == means(self.logistic.is_some())
            && trees.len() == means(self.forest.is_some())
            && usual.len() == features.len();
        ensure(fits, "its background has another size")
    }
}

/// Whether words take little memory once parsed: many empty texts would take far more than their
/// bytes.
fn are_modest(words: &[u8]) -> bool {
    let values = words.iter().filter(|&&byte| byte == b',').count();
    words.len() <= LONGEST_WORDS && values <= MOST_VALUES
}

fn ensure(holds: bool, reason: &'static str) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(corrupted(reason))
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && !name.contains('\0')
}

fn one<T: Copy>(values: &[T]) -> Result<T, Error> {
    match values {
        [value] => Ok(*value),
        _ => Err(corrupted("one value was expected")),
    }
}

/// Usual values may be missing: which are there, and their values, 0 for the others.
fn write_usual(writer: &mut Writer, usual: &[f64]) -> Result<(), Error> {
    let present: Vec<u8> = usual
        .iter()
        .map(|value| u8::from(!value.is_nan()))
        .collect();
    let value = |value: &f64| if value.is_nan() { 0.0 } else { *value };
    let values: Vec<f64> = usual.iter().map(value).collect();
    writer.bytes(&present)?;
    writer.f64s(&values)
}

fn read_usual(reader: &mut Reader) -> Result<Vec<f64>, Error> {
    let present = reader.bytes()?;
    let mut values = reader.f64s()?;
    let fits = present.len() == values.len() && present.iter().all(|&flag| flag <= 1);
    ensure(fits, "its usual values are odd")?;
    for (value, &present) in values.iter_mut().zip(present) {
        if present == 0 {
            *value = f64::NAN;
        }
    }
    Ok(values)
}

/// `[strength, intercept]`, or nothing without a linear member, then its arrays.
fn write_logistic(writer: &mut Writer, logistic: Option<&Logistic>) -> Result<(), Error> {
    let Some(member) = logistic else {
        return writer.f64s(&[]);
    };
    writer.f64s(&[member.strength, member.intercept])?;
    writer.f64s(&member.weights)?;
    writer.f64s(&member.scale.mean)?;
    writer.f64s(&member.scale.std)?;
    writer.u32s(&member.scale.indicated)?;
    writer.f64s(&member.scale.missing)
}

fn read_logistic(reader: &mut Reader) -> Result<Option<Logistic>, Error> {
    let (strength, intercept) = match reader.f64s()?[..] {
        [] => return Ok(None),
        [strength, intercept] => (strength, intercept),
        _ => return Err(corrupted("its linear member is odd")),
    };
    Ok(Some(Logistic {
        strength,
        intercept,
        weights: reader.f64s()?,
        scale: Standardizer {
            mean: reader.f64s()?,
            std: reader.f64s()?,
            indicated: reader.u32s()?,
            missing: reader.f64s()?,
        },
    }))
}

/// `[base]`, or nothing without trees, then the number of columns, and one array per field of the
/// nodes.
fn write_forest(writer: &mut Writer, forest: Option<&Forest>) -> Result<(), Error> {
    let Some(forest) = forest else {
        return writer.f64s(&[]);
    };
    let parts = forest.parts();
    let nodes = &parts.nodes;
    writer.f64s(&[parts.base])?;
    writer.u32s(&[u32::try_from(parts.columns).map_err(|_| Error::OutOfMemory)?])?;
    writer.u32s(&parts.roots)?;
    writer.u32s(&nodes.iter().map(|node| node.column).collect::<Vec<_>>())?;
    writer.f32s(&nodes.iter().map(|node| node.threshold).collect::<Vec<_>>())?;
    let missing_left = nodes.iter().map(|node| u8::from(node.missing_left));
    writer.bytes(&missing_left.collect::<Vec<_>>())?;
    writer.u32s(&nodes.iter().map(|node| node.left).collect::<Vec<_>>())?;
    writer.u32s(&nodes.iter().map(|node| node.right).collect::<Vec<_>>())?;
    writer.f64s(&nodes.iter().map(|node| node.value).collect::<Vec<_>>())?;
    writer.u32s(&nodes.iter().map(|node| node.cover).collect::<Vec<_>>())
}

fn read_forest(reader: &mut Reader) -> Result<Option<Forest>, Error> {
    let base = reader.f64s()?;
    if base.is_empty() {
        return Ok(None);
    }
    let base = one(&base)?;
    let columns = one(&reader.u32s()?)? as usize;
    let roots = reader.u32s()?;
    let nodes = read_nodes(reader)?;
    let parts = ForestParts {
        base,
        columns,
        roots,
        nodes,
    };
    Forest::new(parts).map(Some)
}

fn read_nodes(reader: &mut Reader) -> Result<Vec<Node>, Error> {
    let column = reader.u32s()?;
    let threshold = reader.f32s()?;
    let missing_left = reader.bytes()?;
    let (left, right) = (reader.u32s()?, reader.u32s()?);
    let value = reader.f64s()?;
    let cover = reader.u32s()?;
    let count = column.len();
    let lengths = [
        threshold.len(),
        missing_left.len(),
        left.len(),
        right.len(),
        value.len(),
        cover.len(),
    ];
    ensure(
        lengths == [count; 6],
        "the arrays of its nodes differ in length",
    )?;
    ensure(
        missing_left.iter().all(|&flag| flag <= 1),
        "a flag is neither 0 nor 1",
    )?;
    let mut nodes = Vec::new();
    nodes.try_reserve_exact(count)?;
    nodes.extend((0..count).map(|node| Node {
        column: column[node],
        threshold: threshold[node],
        missing_left: missing_left[node] == 1,
        left: left[node],
        right: right[node],
        value: value[node],
        cover: cover[node],
    }));
    Ok(nodes)
}
