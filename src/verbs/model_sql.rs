//! model_sql: the active version as SQL, for databases that do not have this extension.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::features::Feature;
use propensity::learn::boosting::Forest;
use propensity::learn::logistic::Logistic;
use propensity::learn::tree::Node;
use propensity::model::{Model, SUREST};

use crate::catalog;
use crate::catalog::args::required;
use crate::catalog::version;
use crate::pg::relation::literal;

/// Standardised values are clipped to plus or minus this, as the linear member does.
const CLIP: &str = "8";

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
fn model_sql(model: Option<&str>) -> Result<String, ErrorReport> {
    let definition = catalog::load(required("model", model)?)?;
    Ok(version::with_active(&definition, |_, scorer| {
        Ok(query(scorer.model()))
    })?)
}

/// One SELECT over a relation `features` as the function of that name returns it: of each profile the probability.
fn query(model: &Model) -> String {
    let features = model.schema.features();
    let columns: Vec<String> = (0..model.encoder.columns())
        .map(|column| {
            let feature = &features[model.encoder.source(column)];
            format!(
                "  {} AS c{column}",
                value(feature, model.encoder.category(column))
            )
        })
        .collect();
    let members: Vec<String> = [
        model.logistic.as_ref().map(linear),
        model.forest.as_ref().map(trees),
    ]
    .into_iter()
    .flatten()
    .map(|member| {
        format!(
            "LEAST(GREATEST(\n{member},\n  {}), {})",
            number(-SUREST),
            number(SUREST)
        )
    })
    .collect();
    let log_odds = match members.as_slice() {
        [one] => one.clone(),
        members => format!("({}) / 2.0", members.join(" + ")),
    };
    format!(
        "SELECT profile, 1.0 / (1.0 + exp(-({log_odds}))) AS probability\nFROM (SELECT profile,\n{}\n  FROM features GROUP BY profile) c",
        columns.join(",\n")
    )
}

/// A column of the model of the rows of a profile: a number as its 32 bits hold it, or whether a category has a value.
fn value(feature: &Feature, category: Option<usize>) -> String {
    let name = literal(&feature.name);
    let values = feature.values.as_deref().unwrap_or_default();
    match category.and_then(|category| values.get(category)) {
        Some(value) => format!(
            "max(CASE WHEN feature = {name} AND category = {} THEN 1 ELSE 0 END)",
            literal(value)
        ),
        None => format!("CAST(max(CASE WHEN feature = {name} THEN value END) AS real)"),
    }
}

/// Log-odds of the linear member.
fn linear(member: &Logistic) -> String {
    let scale = &member.scale;
    let moments = scale.mean.iter().zip(&scale.std);
    let numbers = moments.zip(&member.weights).enumerate();
    let numbers = numbers.filter(|(_, (_, weight))| **weight != 0.0);
    let terms = numbers.map(|(column, ((mean, std), weight))| {
        let x = format!("CAST(c{column} AS double precision)");
        format!(
            "CASE WHEN c{column} IS NULL THEN 0 ELSE {} * LEAST(GREATEST((SIGN({x}) * LN(1.0 + ABS({x})) - {}) / {}, -{CLIP}), {CLIP}) END",
            number(*weight),
            number(*mean),
            number(*std)
        )
    });
    let weights = member.weights.iter().skip(scale.mean.len());
    let indicated = scale.indicated.iter().zip(weights).enumerate();
    let indicators = indicated.map(|(indicator, (column, weight))| {
        let mut row = vec![0.0; scale.mean.len()];
        let present = weight * scale.indicator(indicator, &row);
        row[*column as usize] = f32::NAN;
        let missing = weight * scale.indicator(indicator, &row);
        format!(
            "CASE WHEN c{column} IS NULL THEN {} ELSE {} END",
            number(missing),
            number(present)
        )
    });
    let mut all = vec![number(member.intercept)];
    all.extend(terms);
    all.extend(indicators);
    format!("  {}", all.join("\n  + "))
}

/// Log-odds of the tree member.
fn trees(member: &Forest) -> String {
    let mut all = vec![number(member.base())];
    all.extend((0..member.trees()).map(|tree| tree_sql(member, tree)));
    format!("  {}", all.join("\n  + "))
}

/// A tree, from its leaves up: children stand behind their parents.
fn tree_sql(member: &Forest, tree: usize) -> String {
    let nodes = member.tree(tree);
    let first = member.parts().roots[tree] as usize;
    let mut texts = vec![String::new(); nodes.len()];
    for (place, node) in nodes.iter().enumerate().rev() {
        texts[place] = if node.is_leaf() {
            number(node.value)
        } else {
            let left = std::mem::take(&mut texts[node.left as usize - first]);
            let right = std::mem::take(&mut texts[node.right as usize - first]);
            format!("CASE WHEN {} THEN {left} ELSE {right} END", goes_left(node))
        };
    }
    texts.swap_remove(0)
}

fn goes_left(node: &Node) -> String {
    let (column, threshold) = (node.column, number(f64::from(node.threshold)));
    let missing = match node.missing_left {
        true => format!(" OR c{column} IS NULL"),
        false => String::new(),
    };
    format!("c{column} <= {threshold}{missing}")
}

/// A number with all its digits.
fn number(value: f64) -> String {
    if value < 0.0 {
        format!("({value:e})")
    } else {
        format!("{value:e}")
    }
}
