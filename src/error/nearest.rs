//! The name that was meant.

/// The candidate that is most like a name, if any is like it: what a HINT may suggest.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // No name is as long; the distance takes time and memory by the length.
    const LONGEST: usize = 200;
    let wanted = name.to_lowercase();
    if wanted.len() > LONGEST {
        return None;
    }
    let (.., best) = candidates
        .into_iter()
        .map(|candidate| {
            let (wanted, found) = told_apart(&wanted, &candidate.to_lowercase());
            let distance = strsim::damerau_levenshtein(&wanted, &found);
            (distance, wanted.chars().count(), candidate)
        })
        .filter(|(distance, length, _)| {
            // Two letters of five wrong is a typing error; more is another word.
            distance * 5 <= (*length).max(3) * 2
        })
        .min()?;
    Some(best.to_owned())
}

/// Two names without the word that both end in: `customer_id` is not like `store_id`.
fn told_apart(one: &str, other: &str) -> (String, String) {
    match (one.rsplit_once('_'), other.rsplit_once('_')) {
        (Some((one, end)), Some((other, same))) if end == same => {
            (one.to_owned(), other.to_owned())
        }
        _ => (one.to_owned(), other.to_owned()),
    }
}
