//! Stretches of profiles shared out to one worker, or to two on two threads.
//!
//! ```text
//! this thread    read 0   read 1   read 2   walk 2   take 0   read 3   take 1, 2   ...
//! the helper              walk 0            walk 1                     walk 3      ...
//! ```
//!
//! This thread alone reads, and takes what was made. The helper always has a stretch more to walk than it
//! walks; when it has, this thread walks one itself. So neither waits for the other, whatever reading
//! and taking cost.

use super::Batch;
use super::lane::{Lane, Part, Piece, Worker};
use crate::dictionary::Dictionaries;
use crate::error::Error;
use crate::parallel::{Begin, Helper, with_help};
use crate::record::Layout;
use std::collections::VecDeque;

/// Pieces that the helper is given: one to walk, and the next.
const AHEAD: usize = 2;
/// Stretches begun at most before what was made of the first of them is taken.
const OPEN: usize = 5;

/// What is the same for all stretches.
#[derive(Clone, Copy, Debug)]
pub struct Sharing<'a> {
    /// What the records consist of.
    pub layout: &'a Layout,
    /// What their codes mean.
    pub dictionaries: &'a Dictionaries,
    /// Begins a thread.
    pub begin: Begin,
    /// Most bytes of records that two threads hold side by side; one thread may hold more.
    pub room: usize,
}

/// Reads the next piece of the stretches into a batch that is empty; none after the last.
pub type Read<'a, E> = dyn FnMut(&mut Batch) -> Result<Option<Part>, E> + 'a;

/// A piece, and its stretch.
struct Given {
    number: usize,
    /// Bytes of the stretch, if it is the helper's.
    there: usize,
    piece: Piece,
}

/// What became of it.
struct Walked<M> {
    given: Given,
    made: Result<Option<M>, Error>,
}

/// Stretches that were begun, until what was made of them is taken.
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

    /// Notes what became of a piece.
    fn close(&mut self, walked: Walked<M>) {
        let Walked { given, made } = walked;
        if !given.piece.part.more {
            self.there -= given.there;
        }
        self.spare.push(given.piece.batch);
        self.failed |= made.is_err();
        let of_stretch = &mut self.made[given.number - self.first];
        if !matches!(of_stretch, Some(Err(_))) {
            *of_stretch = made.transpose();
        }
    }

    /// Waits for the helper's next piece.
    fn wait(&mut self, helper: &mut Helper<Given, Walked<M>>, poll: &mut dyn FnMut()) {
        match helper.wait(poll) {
            Some(walked) => self.close(walked),
            // It has panicked, which the caller notices.
            None => self.there = 0,
        }
    }

    /// Hands over what was made of the first stretches, as far as that is known.
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

/// Walks all stretches. `take` gets what was made of each, in order; so threads change nothing, and an error is that of
/// the first stretch that has one.
///
/// # Errors
///
/// Those of `read`, `take` and the workers, [`Error::BadRecord`], [`Error::OutOfMemory`].
pub fn share_out<W, E>(
    (worker, helping): (W, Option<W>),
    sharing: &Sharing,
    read: &mut Read<E>,
    take: &mut dyn FnMut(W::Made) -> Result<(), E>,
    poll: &mut dyn FnMut(),
) -> Result<(), E>
where
    W: Worker<Made: Send> + Send,
    E: From<Error>,
{
    let mut lane = Lane::new(worker);
    let Some(helping) = helping else {
        return walk_alone(&mut lane, sharing, read, take, poll);
    };
    let mut helping = Lane::new(helping);
    let help = |mut given: Given, poll: &mut dyn FnMut()| {
        let Sharing {
            layout,
            dictionaries,
            ..
        } = sharing;
        let made = helping.walk(&mut given.piece, layout, dictionaries, poll);
        Walked { given, made }
    };
    with_help(sharing.begin, help, |helper| match helper {
        None => walk_alone(&mut lane, sharing, read, take, poll),
        Some(helper) => walk_with(helper, &mut lane, sharing, read, take, poll),
    })
}

fn walk_alone<W: Worker, E: From<Error>>(
    lane: &mut Lane<W>,
    sharing: &Sharing,
    read: &mut Read<E>,
    take: &mut dyn FnMut(W::Made) -> Result<(), E>,
    poll: &mut dyn FnMut(),
) -> Result<(), E> {
    let mut piece = Piece::default();
    while let Some(part) = read(&mut piece.batch)? {
        piece.part = part;
        if let Some(made) = lane.walk(&mut piece, sharing.layout, sharing.dictionaries, poll)? {
            take(made)?;
        }
    }
    Ok(())
}

fn walk_with<W: Worker, E: From<Error>>(
    helper: &mut Helper<Given, Walked<W::Made>>,
    lane: &mut Lane<W>,
    sharing: &Sharing,
    read: &mut Read<E>,
    take: &mut dyn FnMut(W::Made) -> Result<(), E>,
    poll: &mut dyn FnMut(),
) -> Result<(), E> {
    let mut open = Open::new();
    // Bytes of the newest stretch, if it is the helper's.
    let mut there = 0;
    loop {
        while let Some(walked) = helper.done() {
            open.close(walked);
        }
        open.hand_over(take)?;
        if open.failed {
            break;
        }
        let mut batch = open.spare.pop().unwrap_or_default();
        let Some(part) = read(&mut batch)? else {
            break;
        };
        if let Some(bytes) = part.begins {
            while open.there > 0 && (open.there + bytes > sharing.room || open.made.len() == OPEN) {
                open.wait(helper, poll);
                open.hand_over(take)?;
            }
            there = if helper.pending() < AHEAD { bytes } else { 0 };
            open.there += there;
            open.made.push_back(None);
        }
        let mut given = Given {
            number: open.first + open.made.len() - 1,
            there,
            piece: Piece { batch, part },
        };
        if there == 0 {
            let Sharing {
                layout,
                dictionaries,
                ..
            } = sharing;
            let made = lane.walk(&mut given.piece, layout, dictionaries, poll);
            open.close(Walked { given, made });
            continue;
        }
        // Only where a stretch comes in many pieces.
        while helper.pending() >= AHEAD {
            open.wait(helper, poll);
        }
        helper.give(given);
    }
    while helper.pending() > 0 {
        open.wait(helper, poll);
    }
    open.hand_over(take)
}
