//! Turns: what one session at a time may do with a model. Trainings take turns with trainings, what writes scores and
//! segments with what writes scores and segments; the two kinds go on side by side, and readers wait for neither.
//!
//! A turn is a lock of PostgreSQL on a part of the model, so waiting can be cancelled, honours lock_timeout, shows in
//! pg_locks and takes part in the search for deadlocks. It comes before the lock on the row of the model: who waits for
//! a turn holds nothing that an alteration would wait for.

use pgrx::pg_sys;
use pgrx::pg_sys::{LockAcquireResult, LockTagType};

use super::not_null;
use crate::catalog::notice::{self, Holder};
use crate::error::Error;
use crate::pg::sql;

/// What a turn is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Making a version.
    Training,
    /// Writing scores and segments.
    Scores,
}

impl Turn {
    /// The part of the model that is locked.
    fn part(self) -> u16 {
        match self {
            Self::Training => 1,
            Self::Scores => 2,
        }
    }

    /// What who has the turn does, in words.
    fn work(part: i16) -> &'static str {
        match part {
            1 => "trained",
            _ => "scored or given a segment",
        }
    }
}

/// Takes a turn at a model until the transaction ends. Says for whom it waits, if it has to.
pub fn take(model: &str, id: i64, turn: Turn) -> Result<(), Error> {
    if !try_take(id, turn) {
        say_who(model, id, Some(turn))?;
        acquire(id, turn, false);
    }
    Ok(())
}

/// Takes a turn at a model if nobody else has it; false if somebody does.
pub fn try_take(id: i64, turn: Turn) -> bool {
    acquire(id, turn, true) != LockAcquireResult::LOCKACQUIRE_NOT_AVAIL
}

/// Locks the part of a model until the transaction ends.
fn acquire(id: i64, turn: Turn, dont_wait: bool) -> LockAcquireResult::Type {
    let tag = pg_sys::LOCKTAG {
        // SAFETY: reads a variable of the backend.
        locktag_field1: unsafe { pg_sys::MyDatabaseId }.to_u32(),
        locktag_field2: table().to_u32(),
        locktag_field3: key(id),
        locktag_field4: turn.part(),
        locktag_type: LockTagType::LOCKTAG_OBJECT as u8,
        locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
    };
    // SAFETY: a lock of the transaction, on a tag that is complete.
    unsafe { pg_sys::LockAcquire(&tag, pg_sys::ExclusiveLock as i32, false, dont_wait) }
}

/// Says who has a turn at a model (None: any), before the caller waits for them.
pub fn say_who(model: &str, id: i64, turn: Option<Turn>) -> Result<(), Error> {
    let query = "SELECT l.pid, a.usename::pg_catalog.text, l.objsubid
        FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'object' AND l.granted AND l.classid = $1 AND l.objid = $2::pg_catalog.int8::pg_catalog.oid
            AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
            AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() AND l.objsubid = COALESCE($3, l.objsubid)
        ORDER BY l.objsubid LIMIT 1";
    let part = turn.map(|turn| turn.part() as i16);
    let arguments = [table().into(), i64::from(key(id)).into(), part.into()];
    let holder = sql::row(query, &arguments, |row| {
        Ok(Holder {
            process: row.get(1)?,
            role: row.get(2)?,
            work: Turn::work(not_null(row.get(3)?)?),
        })
    })?;
    notice::waits(model, holder.as_ref());
    Ok(())
}

/// Locks are told apart by 32 bits: two models share one only when 2^32 others were made between them.
fn key(id: i64) -> u32 {
    id as u32
}

/// The table of models.
fn table() -> pg_sys::Oid {
    // SAFETY: look-ups in the catalog by name.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"customer_ai".as_ptr(), false);
        pg_sys::get_relname_relid(c"model".as_ptr(), schema)
    }
}
