//! What this session keeps of the queries of a model that it answers about live.

use std::cell::RefCell;
use std::rc::Rc;

use propensity::event::dictionary::Dictionaries;
use propensity::features::schema::Schema;

use super::query::Query;
use crate::catalog::Kept;
use crate::error::Error;

/// Models whose queries are kept.
const MOST: usize = 8;

thread_local! {
    /// By the number of what is kept of the model.
    static OPENED: RefCell<Vec<(u64, Opened)>> = const { RefCell::new(Vec::new()) };
}

/// The queries of a model, and what a version of it tells apart.
#[derive(Clone)]
pub struct Opened {
    pub query: Rc<Query>,
    pub dictionaries: Dictionaries,
}

impl Opened {
    /// Composed for the active version of a model, whose schema this is; once for what is kept of it.
    pub fn of(kept: &Kept, schema: &Schema) -> Result<Self, Error> {
        let known = OPENED.with_borrow(|all| {
            let known = all.iter().find(|(number, _)| *number == kept.number);
            known.map(|(_, opened)| opened.clone())
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let query = Query::compose(&kept.definition, Some(&schema.names))?;
        query.tell_without_index(&kept.definition)?;
        let mut dictionaries = query.dictionaries();
        schema.preload(&mut dictionaries)?;
        let opened = Self {
            query: Rc::new(query),
            dictionaries,
        };
        OPENED.with_borrow_mut(|all| {
            all.truncate(MOST - 1);
            all.insert(0, (kept.number, opened.clone()));
        });
        Ok(opened)
    }
}
