//! Numbers as they are written on charts and on the page.

/// "12,345".
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "71.2", "1,234": a tenth below a hundred, whole above.
pub fn about(number: f64) -> String {
    if !number.is_finite() {
        "unknown".to_owned()
    } else if number.abs() >= 99.95 {
        let whole = count(number.abs().round() as u64);
        format!("{}{whole}", if number < 0.0 { "-" } else { "" })
    } else {
        let text = format!("{number:.1}");
        let text = text.strip_suffix(".0").unwrap_or(&text);
        if text == "-0" { "0" } else { text }.to_owned()
    }
}

/// "34 %", "0.7 %": a tenth below ten.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "unknown".to_owned();
    }
    let percent = 100.0 * share;
    if percent.abs() < 9.95 && percent.abs() >= 0.05 {
        let text = format!("{percent:.1}");
        format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
    } else {
        format!("{:.0} %", percent + 0.0)
    }
}

/// "1.9 times".
pub fn times(lift: f64) -> String {
    if lift.is_finite() {
        format!("{lift:.1} times")
    } else {
        "unknown".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_where_people_read() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [0.0, -0.01, 71.24, 7.0, 1234.4].map(about),
            ["0", "0", "71.2", "7", "1,234"]
        );
        assert_eq!(
            [0.0, 0.0074, 0.05, 0.344, 1.0].map(percent),
            ["0 %", "0.7 %", "5 %", "34 %", "100 %"]
        );
        assert_eq!(percent(f64::NAN), "unknown");
        assert_eq!(times(1.87), "1.9 times");
    }
}
