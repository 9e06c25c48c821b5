//! What a condition compares columns with, by its text: which values a message should show beside those that there are.

/// A column, or one of the names `event` and `source`, and a literal that it is compared with for equality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    pub column: String,
    pub value: String,
}

/// A piece of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A word: in lower case, unless it is quoted.
    Name(String),
    /// A string or a number.
    Literal(String),
    /// Anything else; operators are not parted.
    Sign(String),
}

/// The equalities of a condition: `name = 'value'`, either way round, and `name IN ('value', ...)`. What is written in
/// another way is not found, which costs a message its values and nothing else.
pub fn compared(condition: &str) -> Vec<Compared> {
    let tokens = tokens(condition);
    let mut found = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        let Token::Name(column) = token else {
            continue;
        };
        // A cast or a closing parenthesis may stand between: lower(name) = 'value', name::text = 'value'.
        let rest = tokens.get(place + 1..).unwrap_or_default();
        let rest = match rest {
            [Token::Sign(cast), Token::Name(_), rest @ ..] if cast == "::" => rest,
            [Token::Sign(end), rest @ ..] if end == ")" => rest,
            rest => rest,
        };
        let values: Vec<&String> = match rest {
            [Token::Sign(equals), Token::Literal(value), ..] if equals == "=" => vec![value],
            [Token::Name(word), Token::Sign(open), values @ ..] if word == "in" && open == "(" => {
                let listed = values.iter().take_while(|token| match token {
                    Token::Literal(_) => true,
                    Token::Sign(sign) => sign == ",",
                    Token::Name(_) => false,
                });
                listed.filter_map(literal).collect()
            }
            _ => match tokens.get(..place).unwrap_or_default() {
                [.., Token::Literal(value), Token::Sign(equals)] if equals == "=" => vec![value],
                _ => Vec::new(),
            },
        };
        found.extend(values.into_iter().map(|value| Compared {
            column: column.clone(),
            value: value.clone(),
        }));
    }
    found
}

fn literal(token: &Token) -> Option<&String> {
    match token {
        Token::Literal(value) => Some(value),
        _ => None,
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '\'' => quoted(rest, '\'', Token::Literal),
            '"' => quoted(rest, '"', Token::Name),
            _ if first.is_whitespace() => (None, first.len_utf8()),
            _ if first.is_ascii_digit() => {
                let length = run(rest, |c| c.is_ascii_digit() || c == '.');
                (Some(Token::Literal(rest[..length].to_owned())), length)
            }
            _ if first.is_alphabetic() || first == '_' => {
                let length = run(rest, |c| c.is_alphanumeric() || c == '_' || c == '$');
                (Some(Token::Name(rest[..length].to_lowercase())), length)
            }
            _ if "=<>!:".contains(first) => {
                let length = run(rest, |c| "=<>!:".contains(c));
                (Some(Token::Sign(rest[..length].to_owned())), length)
            }
            _ => (Some(Token::Sign(first.to_string())), first.len_utf8()),
        };
        tokens.extend(token);
        rest = &rest[length..];
    }
    tokens
}

/// Bytes of the characters at the beginning of a text that are of a kind.
fn run(text: &str, is_of_kind: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_of_kind(c)).unwrap_or(text.len())
}

/// What stands in quotes at the beginning of a text, and how many bytes it takes; doubled quotes stand for one.
fn quoted(text: &str, quote: char, token: fn(String) -> Token) -> (Option<Token>, usize) {
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((place, letter)) = letters.next() {
        if letter != quote {
            value.push(letter);
        } else if letters.next_if(|&(_, next)| next == quote).is_some() {
            value.push(quote);
        } else {
            return (Some(token(value)), place + quote.len_utf8());
        }
    }
    (None, text.len())
}
