//! Names in messages.

/// Some of the names, and how many more there are.
pub fn listed(names: &[String]) -> String {
    const LISTED: usize = 12;
    let some: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
    let mut text = some.join(", ");
    if let Some(more @ 1..) = names.len().checked_sub(LISTED) {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
