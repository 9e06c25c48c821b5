//! Which columns are called like the names of things: sums and means of such numbers say nothing.

/// Words that are names of things wherever they stand.
const NAMES: [&str; 26] = [
    "upc",
    "ean",
    "gtin",
    "sku",
    "isbn",
    "issn",
    "asin",
    "iban",
    "bic",
    "ssn",
    "vin",
    "imei",
    "msisdn",
    "uuid",
    "guid",
    "uid",
    "zip",
    "zipcode",
    "postcode",
    "postalcode",
    "plz",
    "barcode",
    "phone",
    "telephone",
    "phonenumber",
    "fax",
];
/// Words that make a name of what is before them.
const LAST: [&str; 9] = [
    "id", "ids", "no", "nr", "num", "number", "code", "key", "ref",
];
/// Words that make a name of what is after them.
const FIRST: [&str; 2] = ["id", "code"];
/// What is counted off, so that its number tells how far it went: `visit_number`, `week_no`.
const COUNTED_OFF: [&str; 24] = [
    "visit", "session", "page", "step", "sequence", "seq", "week", "day", "month", "year", "hour",
    "minute", "quarter", "season", "round", "lap", "level", "line", "row", "position", "attempt",
    "floor", "episode", "total",
];
/// Words for amounts, whatever they are amounts of: `phone_minutes`.
const AMOUNTS: [&str; 28] = [
    "count", "counts", "total", "sum", "amount", "price", "cost", "value", "rate", "ratio",
    "share", "score", "days", "hours", "minutes", "seconds", "length", "size", "weight", "calls",
    "usage", "avg", "mean", "age", "qty", "quantity", "distance", "bill",
];
/// What ids, codes and numbers are written together with: `customerid`, `orderno`.
const STEMS: [&str; 22] = [
    "customer",
    "user",
    "order",
    "product",
    "item",
    "store",
    "shop",
    "site",
    "account",
    "client",
    "session",
    "visitor",
    "basket",
    "cart",
    "invoice",
    "transaction",
    "household",
    "campaign",
    "coupon",
    "postal",
    "article",
    "member",
];

/// Whether a column is called like the name of something, not like an amount.
pub fn is_called_identifier(name: &str) -> bool {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return false;
    };
    if words.len() > 1 && AMOUNTS.contains(last) {
        return false;
    }
    let together = |word: &str| {
        let stem = ["id", "no", "nr", "number", "code", "key"]
            .iter()
            .find_map(|end| word.strip_suffix(end));
        stem.is_some_and(|stem| STEMS.contains(&stem))
    };
    let numbered = |word: &str| ["no", "nr", "num", "number"].contains(&word);
    let before = words.len().checked_sub(2).and_then(|at| words.get(at));
    let counted_off = numbered(last) && before.is_some_and(|before| COUNTED_OFF.contains(before));
    words
        .iter()
        .any(|word| NAMES.contains(word) || together(word))
        || LAST.contains(last) && !counted_off
        || words.len() > 1 && FIRST.contains(first)
}

/// The words of a name, in lower case: `coupon_upc`, `StoreId` and `CustomerID` have two.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (place, &letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| letters.get(place));
        let after = letters.get(place + 1);
        let begins = letter.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase())
                || before.is_some_and(|before| before.is_uppercase())
                    && after.is_some_and(|after| after.is_lowercase()));
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_amounts() {
        for name in [
            "id",
            "ID",
            "coupon_upc",
            "id_site",
            "store_id",
            "StoreId",
            "CustomerID",
            "customerid",
            "orderno",
            "zip",
            "zip_code",
            "postcode",
            "home_phone",
            "phone_number",
            "order_no",
            "product code",
            "code_insee",
            "ean13_code",
            "sku",
            "key",
            "basketId",
            "invoice-nr",
        ] {
            assert!(is_called_identifier(name), "{name}");
        }
        for name in [
            "amount",
            "paid",
            "price",
            "visit_number",
            "week_no",
            "phone_minutes",
            "zip_count",
            "number_of_items",
            "no_of_children",
            "avoid",
            "grid",
            "monkey",
            "humid",
            "idle",
            "quantity",
            "total_number",
            "code_length",
            "width",
            "sku_count",
            "",
        ] {
            assert!(!is_called_identifier(name), "{name}");
        }
    }
}
