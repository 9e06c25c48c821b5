//! Morsels of profiles shared out to one visitor, or to two on two threads.
//!
//! ```text
//! this thread    read 0   read 1   read 2   walk 2   take 0   read 3   take 1, 2   ...
//! the helper              walk 0            walk 1                     walk 3      ...
//! ```
//!
//! This thread alone reads, and takes what was made. As long as the helper has a morsel more to walk than it walks,
//! this thread walks one itself. So neither waits long for the other, whatever reading and taking cost.

use super::Batch;
use super::pipeline::{Part, Pipeline, Visitor};
use crate::error::Error;
use crate::event::dictionary::Dictionaries;
use crate::event::record::Layout;
use crate::parallel::{Begin, Helper, with_help};
use std::collections::VecDeque;

/// Parts that the helper is given: one to walk, and the next.
const AHEAD: usize = 2;
/// Morsels begun at most before what was made of the first of them is taken.
const OPEN: usize = 5;

/// What is the same for all morsels.
#[derive(Clone, Copy)]
pub struct WalkContext<'a> {
    /// What the records consist of.
    pub layout: &'a Layout,
    /// What their codes mean.
    pub dictionaries: &'a Dictionaries,
    /// Begins a thread.
    pub begin: Begin,
    /// Most bytes of records that two threads hold side by side, without what becomes of them.
    pub room: usize,
    /// Whether memory is so scarce that nothing more is to be begun beside what the helper does.
    pub is_scarce: &'a dyn Fn() -> bool,
}

/// Profiles, morsel by morsel, each in one part or more.
pub trait Morsels {
    /// What reading can end with.
    type Error: From<Error>;

    /// Goes to the next morsel and tells how many bytes it has; none after the last.
    fn begin(&mut self) -> Option<usize>;

    /// Reads the next part of the morsel into a batch that is empty, and tells whether there are more.
    ///
    /// # Errors
    ///
    /// Those of reading.
    fn read(&mut self, batch: &mut Batch) -> Result<bool, Self::Error>;
}

/// Takes what was made of a morsel.
type Take<'a, W, S> = dyn FnMut(<W as Visitor>::Output) -> Result<(), <S as Morsels>::Error> + 'a;

/// A part, and its morsel.
struct Given {
    number: usize,
    /// Bytes of the morsel, if it is the helper's.
    there: usize,
    part: Part,
}

/// What became of it.
struct Walked<M> {
    given: Given,
    made: Result<Option<M>, Error>,
}

/// Morsels that were begun, until what was made of them is taken.
struct Open<M> {
    /// Number of the first.
    first: usize,
    made: VecDeque<Option<Result<M, Error>>>,
    /// Bytes of those that the helper has.
    there: usize,
    failed: bool,
    /// Batches to be used again.
    spare: Vec<Batch>,
}

impl<M> Open<M> {
    fn new() -> Self {
        Self {
            first: 0,
            made: VecDeque::new(),
            there: 0,
            failed: false,
            spare: Vec::new(),
        }
    }

    /// Begins a morsel, given its bytes, if it is the helper's.
    fn begin(&mut self, there: usize) {
        self.there += there;
        self.made.push_back(None);
    }

    /// A part of the morsel that was begun last.
    fn give(&self, part: Part, there: usize) -> Given {
        let number = self.first + self.made.len() - 1;
        Given {
            number,
            there,
            part,
        }
    }

    /// Notes what became of a part.
    fn close(&mut self, walked: Walked<M>) {
        let Walked { given, made } = walked;
        if !given.part.more {
            self.there -= given.there;
        }
        self.spare.push(given.part.batch);
        self.failed |= made.is_err();
        let of_morsel = &mut self.made[given.number - self.first];
        if !matches!(of_morsel, Some(Err(_))) {
            *of_morsel = made.transpose();
        }
    }

    /// Waits for the helper's next part.
    fn wait(&mut self, helper: &mut Helper<Given, Walked<M>>, poll: &mut dyn FnMut()) {
        match helper.wait(poll) {
            Some(walked) => self.close(walked),
            // It has panicked, which the caller notices.
            None => self.there = 0,
        }
    }

    /// Hands over what was made of the first morsels, as far as that is known.
    fn hand_over<E: From<Error>>(
        &mut self,
        take: &mut dyn FnMut(M) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(made) = self.made.front_mut().and_then(Option::take) {
            self.made.pop_front();
            self.first += 1;
            take(made?)?;
        }
        Ok(())
    }
}

/// Walks all morsels. `take` gets what was made of each, in order; so threads change nothing, and an error is that of
/// the first morsel that has one.
///
/// # Errors
///
/// Those of `morsels`, `take` and the workers, [`Error::BadRecord`], [`Error::OutOfMemory`].
pub fn walk_parallel<W, S>(
    (visitor, helping): (W, Option<W>),
    context: &WalkContext,
    morsels: &mut S,
    take: &mut Take<W, S>,
    poll: &mut dyn FnMut(),
) -> Result<(), S::Error>
where
    W: Visitor<Output: Send> + Send,
    S: Morsels,
{
    let (layout, dictionaries) = (context.layout, context.dictionaries);
    let mut pipeline = Pipeline::new(visitor, layout, dictionaries);
    let Some(helping) = helping else {
        return walk_alone(&mut pipeline, morsels, take, poll);
    };
    let mut helping = Pipeline::new(helping, layout, dictionaries);
    let help = |mut given: Given, poll: &mut dyn FnMut()| {
        let made = helping.walk(&mut given.part, poll);
        Walked { given, made }
    };
    with_help(context.begin, help, |helper| match helper {
        None => walk_alone(&mut pipeline, morsels, take, poll),
        Some(helper) => walk_with(helper, &mut pipeline, context, morsels, take, poll),
    })
}

fn walk_alone<W: Visitor, S: Morsels>(
    pipeline: &mut Pipeline<W>,
    morsels: &mut S,
    take: &mut Take<W, S>,
    poll: &mut dyn FnMut(),
) -> Result<(), S::Error> {
    let mut part = Part::default();
    loop {
        if !part.more {
            part.begins = morsels.begin();
            if part.begins.is_none() {
                return Ok(());
            }
        }
        part.more = morsels.read(&mut part.batch)?;
        if let Some(made) = pipeline.walk(&mut part, poll)? {
            take(made)?;
        }
        part.begins = None;
    }
}

fn walk_with<W: Visitor, S: Morsels>(
    helper: &mut Helper<Given, Walked<W::Output>>,
    pipeline: &mut Pipeline<W>,
    context: &WalkContext,
    morsels: &mut S,
    take: &mut Take<W, S>,
    poll: &mut dyn FnMut(),
) -> Result<(), S::Error> {
    let mut open = Open::new();
    // Whether the morsel goes on; its bytes, if it is the helper's.
    let (mut more, mut there) = (false, 0);
    let mut unread = None;
    loop {
        while let Some(walked) = helper.done() {
            open.close(walked);
        }
        open.hand_over(take)?;
        if open.failed {
            break;
        }
        let mut begins = None;
        if !more {
            let Some(bytes) = morsels.begin() else {
                break;
            };
            let full = |open: &Open<_>| {
                let beside = open.there + bytes > context.room || open.made.len() == OPEN;
                open.there > 0 && (beside || (context.is_scarce)())
            };
            while full(&open) {
                open.wait(helper, poll);
                open.hand_over(take)?;
            }
            there = if helper.pending() < AHEAD { bytes } else { 0 };
            begins = Some(bytes);
            open.begin(there);
        }
        // Only of a morsel that comes in many parts.
        while there > 0 && helper.pending() >= AHEAD {
            open.wait(helper, poll);
        }
        let mut batch = open.spare.pop().unwrap_or_default();
        more = match morsels.read(&mut batch) {
            Ok(more) => more,
            Err(error) => {
                unread = Some(error);
                break;
            }
        };
        let part = Part {
            batch,
            begins,
            more,
        };
        let mut given = open.give(part, there);
        if there == 0 {
            let made = pipeline.walk(&mut given.part, poll);
            open.close(Walked { given, made });
        } else if !helper.give(given) {
            break;
        }
    }
    while helper.pending() > 0 {
        open.wait(helper, poll);
    }
    // Of earlier morsels than the one that could not be read.
    open.hand_over(take)?;
    unread.map_or(Ok(()), Err)
}
