//! Parts that the sections of the page are made of.

use maud::{Markup, PreEscaped, html};

use crate::error::Error;

/// A chart, which is SVG of ours.
pub(super) fn chart(svg: Result<String, Error>) -> Result<Markup, Error> {
    Ok(html! { figure { (PreEscaped(svg?)) } })
}

/// A section with a heading.
pub(super) fn section(id: &str, heading: &str, inside: Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby={ (id) "-heading" } {
            h2 id={ (id) "-heading" } { (heading) }
            (inside)
        }
    }
}

/// A table whose columns after the first `texts` hold numbers.
pub(super) fn table(caption: &str, heads: &[&str], texts: usize, rows: &[Vec<Markup>]) -> Markup {
    html! {
        div {
            p.caption { (caption) }
            div.scroll tabindex="0" role="group" aria-label=(caption) {
                table aria-label=(caption) {
                    thead { tr { @for (at, head) in heads.iter().enumerate() { th.number[at >= texts] scope="col" { (head) } } } }
                    tbody {
                        @for row in rows {
                            tr { @for (at, cell) in row.iter().enumerate() { td.number[at >= texts] { (cell) } } }
                        }
                    }
                }
            }
        }
    }
}

/// A value, whose direction of writing does not touch what is around it.
pub(super) fn value(text: &str) -> Markup {
    html! { bdi { (text) } }
}

/// A text of ours or a number.
pub(super) fn plain(text: impl Into<String>) -> Markup {
    let text = text.into();
    html! { (text) }
}

/// A condition in SQL.
pub(super) fn code(sql: &str) -> Markup {
    html! { code { bdi { (sql) } } }
}
