//! Runs a query of ours with our own receiver for its rows.

use std::ffi::CString;

use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::spi::{Spi, SpiClient};

use super::receiver::Receiver;
use crate::error::Error;
use crate::pg::{jit, sql};

/// A parameter of a query: its type and value, NULL if none.
pub type Param = (Oid, Option<Datum>);

/// Executes `sql` with `receiver` taking the rows.
pub fn execute(sql: &str, params: &[Param], receiver: &mut Receiver) -> Result<(), Error> {
    execute_into(sql, params, receiver.as_dest())?;
    receiver.failed.take().map_or(Ok(()), Err)
}

/// Executes `sql`, read-only under the active snapshot, with a receiver of ours taking the rows.
///
/// All queries of one call of ours see the same snapshot, so that features and outcomes come from
/// the same instant.
pub fn execute_into(
    sql: &str,
    params: &[Param],
    receiver: *mut pg_sys::DestReceiver,
) -> Result<(), Error> {
    let text = CString::new(sql).map_err(|_| Error::Internal("a query of ours holds a NUL"))?;
    let mut types: Vec<Oid> = params.iter().map(|(oid, _)| *oid).collect();
    let execute = |_: &SpiClient| {
        // SAFETY: within an SPI connection; the plan and the parameters live in its memory; errors
        // of the query unwind as PostgreSQL errors.
        unsafe {
            let parallel = pg_sys::CURSOR_OPT_PARALLEL_OK as i32;
            let plan = pg_sys::SPI_prepare_cursor(
                text.as_ptr(),
                types.len() as i32,
                types.as_mut_ptr(),
                parallel,
            );
            if plan.is_null() {
                return;
            }
            let mut options = pg_sys::SPIExecuteOptions {
                params: param_list(params),
                read_only: true,
                dest: receiver,
                ..Default::default()
            };
            pg_sys::SPI_execute_plan_extended(plan, &raw mut options);
            pg_sys::SPI_freeplan(plan);
        }
    };
    jit::without(|| Spi::connect(execute));
    Ok(())
}

/// Like [`execute`], of a query that comes again and again: its plan is kept, and is the same for all values.
pub fn execute_kept(sql: &str, params: &[Param], receiver: &mut Receiver) -> Result<(), Error> {
    let types: Vec<Oid> = params.iter().map(|(oid, _)| *oid).collect();
    let dest = receiver.as_dest();
    jit::without(|| {
        Spi::connect(|_| {
            sql::with_kept_plan(sql, &types, |plan| {
                // SAFETY: within an SPI connection; the parameters live in its memory and are of the plan's types; errors
                // of the query unwind as PostgreSQL errors.
                unsafe {
                    let mut options = pg_sys::SPIExecuteOptions {
                        params: param_list(params),
                        read_only: true,
                        dest,
                        ..Default::default()
                    };
                    pg_sys::SPI_execute_plan_extended(plan, &raw mut options);
                }
                Ok(())
            })
        })
    })?;
    receiver.failed.take().map_or(Ok(()), Err)
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
