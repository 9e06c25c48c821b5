//! Stretches of profiles shared out to one worker, or to two on two threads.
//!
//! ```text
//! this thread    read 0   read 1   read 2   walk 2   take 0   read 3   take 1, 2   ...
//! the helper              walk 0            walk 1                     walk 3      ...
//! ```
//!
//! This thread alone reads, and takes what was made. As long as the helper has a stretch more to walk than it walks,
//! this thread walks one itself. So neither waits long for the other, whatever reading and taking cost.

use super::Batch;
use super::lane::{Lane, Piece, Worker};
use crate::error::Error;
use crate::event::dictionary::Dictionaries;
use crate::event::record::Layout;
use crate::parallel::{Begin, Helper, with_help};
use std::collections::VecDeque;

/// Pieces that the helper is given: one to walk, and the next.
const AHEAD: usize = 2;
/// Stretches begun at most before what was made of the first of them is taken.
const OPEN: usize = 5;

/// What is the same for all stretches.
#[derive(Clone, Copy)]
pub struct Sharing<'a> {
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

/// Profiles, stretch by stretch, each in one piece or more.
pub trait Stretches {
    /// What reading can end with.
    type Error: From<Error>;

    /// Goes to the next stretch and tells how many bytes it has; none after the last.
    fn begin(&mut self) -> Option<usize>;

    /// Reads the next piece of the stretch into a batch that is empty, and tells whether there are more.
    ///
    /// # Errors
    ///
    /// Those of reading.
    fn read(&mut self, batch: &mut Batch) -> Result<bool, Self::Error>;
}

/// Takes what was made of a stretch.
type Take<'a, W, S> = dyn FnMut(<W as Worker>::Made) -> Result<(), <S as Stretches>::Error> + 'a;

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

    /// Begins a stretch of so many bytes, if it is the helper's.
    fn begin(&mut self, there: usize) {
        self.there += there;
        self.made.push_back(None);
    }

    /// A piece of the stretch that was begun last.
    fn give(&self, piece: Piece, there: usize) -> Given {
        let number = self.first + self.made.len() - 1;
        Given {
            number,
            there,
            piece,
        }
    }

    /// Notes what became of a piece.
    fn close(&mut self, walked: Walked<M>) {
        let Walked { given, made } = walked;
        if !given.piece.more {
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
/// Those of `stretches`, `take` and the workers, [`Error::BadRecord`], [`Error::OutOfMemory`].
pub fn share_out<W, S>(
    (worker, helping): (W, Option<W>),
    sharing: &Sharing,
    stretches: &mut S,
    take: &mut Take<W, S>,
    poll: &mut dyn FnMut(),
) -> Result<(), S::Error>
where
    W: Worker<Made: Send> + Send,
    S: Stretches,
{
    let (layout, dictionaries) = (sharing.layout, sharing.dictionaries);
    let mut lane = Lane::new(worker, layout, dictionaries);
    let Some(helping) = helping else {
        return walk_alone(&mut lane, stretches, take, poll);
    };
    let mut helping = Lane::new(helping, layout, dictionaries);
    let help = |mut given: Given, poll: &mut dyn FnMut()| {
        let made = helping.walk(&mut given.piece, poll);
        Walked { given, made }
    };
    with_help(sharing.begin, help, |helper| match helper {
        None => walk_alone(&mut lane, stretches, take, poll),
        Some(helper) => walk_with(helper, &mut lane, sharing, stretches, take, poll),
    })
}

fn walk_alone<W: Worker, S: Stretches>(
    lane: &mut Lane<W>,
    stretches: &mut S,
    take: &mut Take<W, S>,
    poll: &mut dyn FnMut(),
) -> Result<(), S::Error> {
    let mut piece = Piece::default();
    loop {
        if !piece.more {
            piece.begins = stretches.begin();
            if piece.begins.is_none() {
                return Ok(());
            }
        }
        piece.more = stretches.read(&mut piece.batch)?;
        if let Some(made) = lane.walk(&mut piece, poll)? {
            take(made)?;
        }
        piece.begins = None;
    }
}

fn walk_with<W: Worker, S: Stretches>(
    helper: &mut Helper<Given, Walked<W::Made>>,
    lane: &mut Lane<W>,
    sharing: &Sharing,
    stretches: &mut S,
    take: &mut Take<W, S>,
    poll: &mut dyn FnMut(),
) -> Result<(), S::Error> {
    let mut open = Open::new();
    // Whether the stretch goes on; its bytes, if it is the helper's.
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
            let Some(bytes) = stretches.begin() else {
                break;
            };
            let full = |open: &Open<_>| {
                let beside = open.there + bytes > sharing.room || open.made.len() == OPEN;
                open.there > 0 && (beside || (sharing.is_scarce)())
            };
            while full(&open) {
                open.wait(helper, poll);
                open.hand_over(take)?;
            }
            there = if helper.pending() < AHEAD { bytes } else { 0 };
            begins = Some(bytes);
            open.begin(there);
        }
        // Only of a stretch that comes in many pieces.
        while there > 0 && helper.pending() >= AHEAD {
            open.wait(helper, poll);
        }
        let mut batch = open.spare.pop().unwrap_or_default();
        more = match stretches.read(&mut batch) {
            Ok(more) => more,
            Err(error) => {
                unread = Some(error);
                break;
            }
        };
        let piece = Piece {
            batch,
            begins,
            more,
        };
        let mut given = open.give(piece, there);
        if there == 0 {
            let made = lane.walk(&mut given.piece, poll);
            open.close(Walked { given, made });
        } else if !helper.give(given) {
            break;
        }
    }
    while helper.pending() > 0 {
        open.wait(helper, poll);
    }
    // Of earlier stretches than the one that could not be read.
    open.hand_over(take)?;
    unread.map_or(Ok(()), Err)
}
