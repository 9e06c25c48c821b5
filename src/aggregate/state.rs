//! The state of one group: a header and packed records in one piece of the aggregate's memory, which grows by
//! doubling.

use pgrx::pg_sys::{self, MemoryContext};
use propensity::answer::Counts;

use super::site::Site;

/// Bytes of a new state: an allocation of PostgreSQL that wastes nothing, with room for some six events.
const SMALLEST: usize = 256;

/// The header; the records follow it.
#[repr(C)]
pub struct State {
    /// Outlives every state: it goes with the query.
    pub site: *mut Site,
    length: usize,
    capacity: usize,
    pub counts: Counts,
}

const HEADER: usize = size_of::<State>();

impl State {
    /// A state without records.
    ///
    /// # Safety
    /// The context outlives the use of the state, the site both.
    pub unsafe fn create(context: MemoryContext, site: *mut Site) -> *mut Self {
        // SAFETY: as much memory as the header and the capacity take.
        unsafe {
            let state: *mut Self = pg_sys::MemoryContextAlloc(context, SMALLEST).cast();
            state.write(Self {
                site,
                length: 0,
                capacity: SMALLEST - HEADER,
                counts: Counts::default(),
            });
            state
        }
    }

    /// Appends records, and returns where the state is now.
    ///
    /// # Safety
    /// The state was created by [`State::create`], and is at no other place any more after this.
    #[inline]
    pub unsafe fn append(state: *mut Self, records: &[u8]) -> *mut Self {
        // SAFETY: the records fit behind the header once the state has grown.
        unsafe {
            let mut state = state;
            let (length, needed) = ((*state).length, (*state).length + records.len());
            if needed > (*state).capacity {
                let size = (HEADER + needed).next_power_of_two();
                state = pg_sys::repalloc_huge(state.cast(), size).cast();
                (*state).capacity = size - HEADER;
            }
            let end = state.cast::<u8>().add(HEADER + length);
            std::ptr::copy_nonoverlapping(records.as_ptr(), end, records.len());
            (*state).length = needed;
            state
        }
    }

    /// The records.
    ///
    /// # Safety
    /// As for [`State::append`]; the state is not changed while they are in use.
    pub unsafe fn records<'a>(state: *const Self) -> &'a [u8] {
        // SAFETY: so many bytes behind the header were written.
        unsafe { std::slice::from_raw_parts(state.cast::<u8>().add(HEADER), (*state).length) }
    }
}
