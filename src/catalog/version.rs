//! The active version of a model, decoded once per backend.

use std::cell::RefCell;

use propensity::features::Labels;
use propensity::features::schema::LeftOut;
use propensity::judge::FactorBins;
use propensity::model::factor::Factors;
use propensity::model::{Model, Scorer};

use crate::catalog::notice;
use crate::catalog::{self, Active, Definition, Kept, Stamp};
use crate::error::Error;
use crate::pg::memory::poll;

/// Versions kept decoded per backend.
const KEPT: usize = 8;

thread_local! {
    /// Versions that were warned of, and what had been altered.
    static WARNED: RefCell<Vec<(Stamp, Vec<String>)>> = const { RefCell::new(Vec::new()) };
    static DECODED: RefCell<Vec<(Stamp, Scorer)>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with the number of the active version and its scorer.
///
/// The catalog is asked every time, under the caller's rights and snapshot; only decoding is saved.
pub fn with_active<R>(
    definition: &Definition,
    work: impl FnOnce(i32, &mut Scorer) -> Result<R, Error>,
) -> Result<R, Error> {
    let Some(active) = catalog::active(definition.id)? else {
        return Err(not_trained(definition)?);
    };
    let altered = catalog::altered_since(definition.id, active.stamp)?;
    let labels = catalog::labels_of(definition)?;
    with(definition, active, (&altered, &labels), work)
}

/// Like [`with_active`], of a model that is kept.
pub fn with_kept<R>(
    kept: &Kept,
    work: impl FnOnce(&mut Scorer) -> Result<R, Error>,
) -> Result<R, Error> {
    let definition = &kept.definition;
    let Some(active) = kept.active else {
        return Err(not_trained(definition)?);
    };
    with(
        definition,
        active,
        (&kept.altered, &kept.labels),
        |_, scorer| work(scorer),
    )
}

fn not_trained(definition: &Definition) -> Result<Error, Error> {
    let newest = catalog::versions_of(definition.id)?.pop();
    Ok(Error::NotTrained {
        model: definition.name.clone(),
        newest: newest.map(|version| version.number),
    })
}

fn with<R>(
    definition: &Definition,
    Active { number, stamp, .. }: Active,
    (altered, labels): (&[String], &Labels),
    work: impl FnOnce(i32, &mut Scorer) -> Result<R, Error>,
) -> Result<R, Error> {
    // Taken out while in use: `work` may end in an error that unwinds, or call us again.
    let kept = DECODED.with_borrow_mut(|decoded| {
        let found = decoded.iter().position(|(known, _)| *known == stamp)?;
        Some(decoded.remove(found).1)
    });
    let mut scorer = match kept {
        Some(scorer) => scorer,
        None => scorer(definition, stamp)?,
    };
    scorer.call(labels);
    warn_if_altered(definition, number, stamp, altered);
    let result = work(number, &mut scorer);
    DECODED.with_borrow_mut(|decoded| {
        decoded.insert(0, (stamp, scorer));
        decoded.truncate(KEPT);
    });
    result
}

/// What there are no features of, by the report of the active version.
pub fn left_out(definition: &Definition) -> Result<LeftOut, Error> {
    let Some(active) = catalog::active(definition.id)? else {
        return Ok(LeftOut::default());
    };
    let text = catalog::left_out(active.stamp)?;
    // A report may come from a dump of a version before.
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

/// Warns, once in a session, that the version was trained on another definition than there is now.
fn warn_if_altered(definition: &Definition, number: i32, stamp: Stamp, altered: &[String]) {
    if altered.is_empty() {
        return;
    }
    let news = WARNED.with_borrow_mut(|warned| {
        let known = warned
            .iter()
            .any(|(other, parts)| *other == stamp && parts == altered);
        if !known {
            warned.insert(0, (stamp, altered.to_vec()));
            warned.truncate(KEPT);
        }
        !known
    });
    if news {
        notice::outdated(&definition.name, number, altered);
    }
}

/// The model that a version stored.
pub fn read(definition: &Definition, stamp: Stamp) -> Result<Model, Error> {
    Model::decode(&catalog::document(stamp)?).map_err(of_model(definition))
}

fn scorer(definition: &Definition, stamp: Stamp) -> Result<Scorer, Error> {
    Scorer::new(read(definition, stamp)?, &mut poll).map_err(of_model(definition))
}

fn of_model(definition: &Definition) -> impl Fn(propensity::Error) -> Error {
    |error| Error::Model {
        model: definition.name.clone(),
        error,
    }
}

/// The version of that number, or the active one.
pub fn version_of(definition: &Definition, version: Option<i32>) -> Result<i32, Error> {
    if let Some(version) = version.or(definition.active_version) {
        return Ok(version);
    }
    Err(Error::NotTrained {
        model: definition.name.clone(),
        newest: numbers(definition)?.pop(),
    })
}

/// There is no version of that number.
pub fn unknown_version(definition: &Definition, version: i32) -> Result<Error, Error> {
    Ok(Error::UnknownVersion {
        model: definition.name.clone(),
        version,
        versions: numbers(definition)?,
    })
}

fn numbers(definition: &Definition) -> Result<Vec<i32>, Error> {
    let versions = catalog::versions_of(definition.id)?;
    Ok(versions.into_iter().map(|version| version.number).collect())
}

/// What people call the factors of a version, which it keeps under their own names.
pub struct Calling(Option<Factors>);

/// What the factors of a version are called.
pub fn calling(definition: &Definition, version: i32) -> Result<Calling, Error> {
    let labels = catalog::labels_of(definition)?;
    if labels.is_empty() {
        return Ok(Calling(None));
    }
    let Some(document) = catalog::document_of(definition.id, version)? else {
        return Err(unknown_version(definition, version)?);
    };
    let model = Model {
        labels,
        ..Model::decode(&document).map_err(of_model(definition))?
    };
    Ok(Calling(Some(model.factors())))
}

impl Calling {
    /// What a factor is called.
    pub fn factor(&self, name: String) -> String {
        let Some(factors) = &self.0 else {
            return name;
        };
        let found = factors.find(&name);
        found.map_or(name, |factor| factors.called(factor).to_owned())
    }

    /// What the feature of such a label is called.
    pub fn label(&self, label: String) -> String {
        let Some(factors) = &self.0 else {
            return label;
        };
        let mut features = factors.features().iter().zip(factors.words());
        let found = features.find(|(feature, _)| feature.label == label);
        found.map_or(label, |(_, words)| words.label.clone())
    }

    /// The bins of a factor in words.
    pub fn bins(&self, bins: FactorBins) -> FactorBins {
        match &self.0 {
            Some(factors) => bins.called(factors),
            None => bins,
        }
    }
}
