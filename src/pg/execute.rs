//! Runs a query of ours whose rows a sink takes straight from the executor, without a copy of a tuple.

use std::ffi::{CString, c_int};
use std::slice::from_raw_parts;

use pgrx::pg_sys::{
    self, CommandDest, Datum, DestReceiver, MemoryContext, Oid, TupleDesc, TupleTableSlot,
};
use pgrx::pgrx_extern_c_guard;
use pgrx::spi::Spi;

use crate::error::Error;
use crate::pg::{jit, sql};

/// A parameter of a query: its type and value, NULL if none.
pub type Param = (Oid, Option<Datum>);

/// Takes the rows of a query.
pub trait Sink {
    /// Looks at the columns before the first row comes.
    fn begin(&mut self, columns: TupleDesc) -> Result<(), Error>;

    /// Takes one row. An error ends the query. What it allocates by PostgreSQL's means is gone when the next row comes.
    fn take(&mut self, values: &[Datum], nulls: &[bool]) -> Result<(), Error>;
}

/// A DestReceiver with its state behind it, as PostgreSQL's own are built.
#[repr(C)]
struct Receiver<'a, S> {
    callbacks: DestReceiver,
    sink: &'a mut S,
    /// The memory of one row, of the query's: without it, what is allocated for each row would stay to the query's end.
    row_memory: MemoryContext,
    /// Kept until the executor has ended the query.
    failed: Option<Error>,
}

impl<'a, S: Sink> Receiver<'a, S> {
    fn new(sink: &'a mut S) -> Self {
        let callbacks = DestReceiver {
            receiveSlot: Some(receive::<S>),
            rStartup: Some(startup::<S>),
            rShutdown: Some(shutdown::<S>),
            rDestroy: Some(destroy),
            // Any destination that the executor sends rows to; SPI takes ours as it is.
            mydest: CommandDest::DestTuplestore,
        };
        Self {
            callbacks,
            sink,
            row_memory: std::ptr::null_mut(),
            failed: None,
        }
    }

    fn end(self) -> Result<(), Error> {
        self.failed.map_or(Ok(()), Err)
    }
}

unsafe extern "C-unwind" fn startup<S: Sink>(
    dest: *mut DestReceiver,
    _operation: c_int,
    columns: TupleDesc,
) {
    // SAFETY: `dest` is the first field of a Receiver of this sink that outlives the query.
    unsafe {
        pgrx_extern_c_guard(|| {
            let receiver = &mut *dest.cast::<Receiver<S>>();
            receiver.failed = receiver.sink.begin(columns).err();
            receiver.row_memory = pg_sys::AllocSetContextCreateInternal(
                pg_sys::CurrentMemoryContext,
                c"customer_ai row".as_ptr(),
                pg_sys::ALLOCSET_DEFAULT_MINSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            );
        });
    }
}

unsafe extern "C-unwind" fn receive<S: Sink>(
    slot: *mut TupleTableSlot,
    dest: *mut DestReceiver,
) -> bool {
    // SAFETY: as above; the slot is the executor's and holds `natts` columns once they are deformed.
    unsafe {
        pgrx_extern_c_guard(|| {
            let receiver = &mut *dest.cast::<Receiver<S>>();
            if receiver.failed.is_some() {
                return false;
            }
            let columns = (*(*slot).tts_tupleDescriptor).natts;
            if i32::from((*slot).tts_nvalid) < columns {
                pg_sys::slot_getsomeattrs_int(slot, columns);
            }
            let values = from_raw_parts((*slot).tts_values, columns as usize);
            let nulls = from_raw_parts((*slot).tts_isnull, columns as usize);
            let outer = pg_sys::MemoryContextSwitchTo(receiver.row_memory);
            receiver.failed = receiver.sink.take(values, nulls).err();
            pg_sys::MemoryContextSwitchTo(outer);
            pg_sys::MemoryContextReset(receiver.row_memory);
            receiver.failed.is_none()
        })
    }
}

unsafe extern "C-unwind" fn shutdown<S: Sink>(dest: *mut DestReceiver) {
    // SAFETY: as above; the memory was made at the start.
    unsafe { pg_sys::MemoryContextDelete((*dest.cast::<Receiver<S>>()).row_memory) };
}

unsafe extern "C-unwind" fn destroy(_dest: *mut DestReceiver) {}

/// Executes `sql`, read-only under the active snapshot, with a sink taking the rows.
///
/// All queries of one call of ours see the same snapshot, so that features and outcomes come from the same instant.
pub fn execute(sql: &str, params: &[Param], sink: &mut impl Sink) -> Result<(), Error> {
    let text = CString::new(sql).map_err(|_| Error::Internal("a query of ours holds a NUL"))?;
    let mut types = types(params);
    let mut receiver = Receiver::new(sink);
    let dest = (&raw mut receiver).cast();
    jit::without(|| {
        Spi::connect(|_| {
            // SAFETY: within an SPI connection; the plan and the parameters live in its memory, and the receiver outlives
            // it; errors of the query unwind as PostgreSQL errors.
            unsafe {
                let parallel = pg_sys::CURSOR_OPT_PARALLEL_OK as i32;
                let plan = pg_sys::SPI_prepare_cursor(
                    text.as_ptr(),
                    types.len() as i32,
                    types.as_mut_ptr(),
                    parallel,
                );
                if !plan.is_null() {
                    run(plan, params, dest);
                    pg_sys::SPI_freeplan(plan);
                }
            }
        });
    });
    receiver.end()
}

/// Like [`execute`], of a query that comes again and again: its plan is kept, and is the same for all values.
pub fn execute_kept(sql: &str, params: &[Param], sink: &mut impl Sink) -> Result<(), Error> {
    let types = types(params);
    let mut receiver = Receiver::new(sink);
    let dest = (&raw mut receiver).cast();
    jit::without(|| {
        Spi::connect(|_| {
            sql::with_kept_plan(sql, &types, |plan| {
                // SAFETY: within an SPI connection; the parameters are of the plan's types; as above.
                unsafe { run(plan, params, dest) };
                Ok(())
            })
        })
    })?;
    receiver.end()
}

fn types(params: &[Param]) -> Vec<Oid> {
    params.iter().map(|(oid, _)| *oid).collect()
}

/// Runs a plan, read-only.
///
/// # Safety
/// Within an SPI connection; the parameters are of the plan's types, and the receiver outlives the call.
unsafe fn run(plan: pg_sys::SPIPlanPtr, params: &[Param], dest: *mut DestReceiver) {
    // SAFETY: by contract.
    unsafe {
        let options = pg_sys::SPIExecuteOptions {
            params: param_list(params),
            read_only: true,
            dest,
            ..Default::default()
        };
        pg_sys::SPI_execute_plan_extended(plan, &raw const options);
    }
}

/// The values of a query's parameters, in the current memory context.
///
/// # Safety
/// The values are of their types.
pub unsafe fn param_list(params: &[Param]) -> pg_sys::ParamListInfo {
    // SAFETY: the list is made with as many slots as there are parameters.
    unsafe {
        let list = pg_sys::makeParamList(params.len() as i32);
        let slots = (*list).params.as_mut_slice(params.len());
        for (slot, (oid, value)) in slots.iter_mut().zip(params) {
            slot.ptype = *oid;
            slot.pflags = pg_sys::PARAM_FLAG_CONST as u16;
            slot.isnull = value.is_none();
            slot.value = value.unwrap_or(Datum::null());
        }
        list
    }
}
