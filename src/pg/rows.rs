//! The rows of a function that returns a table, handed over one by one: however many there are, they
//! take memory up to `work_mem` and then go to a temporary file.

use pgrx::PgTupleDesc;
use pgrx::pg_sys::{self, Datum};

use crate::error::Error;

/// The result of a set-returning function, in PostgreSQL's materialize mode: rows of `N` values.
pub struct Rows<const N: usize> {
    store: *mut pg_sys::Tuplestorestate,
    columns: pg_sys::TupleDesc,
}

impl<const N: usize> Rows<N> {
    /// Begins the result of this call, whose columns must be of these types: a datum of another type is an address or
    /// a number.
    ///
    /// # Errors
    ///
    /// 0A000 if the caller takes no rows, XX000 if somebody has declared the function otherwise.
    ///
    /// # Safety
    ///
    /// `call` is the current call of a function that is declared to return a table.
    pub unsafe fn open(
        call: pg_sys::FunctionCallInfo,
        types: [pg_sys::Oid; N],
    ) -> Result<Self, Error> {
        // SAFETY: what PostgreSQL's own InitMaterializedSRF does; everything lives in the memory of
        // the calling query, whose resource owner closes a temporary file.
        unsafe {
            let result: *mut pg_sys::ReturnSetInfo = (*call).resultinfo.cast();
            let accepts = !result.is_null()
                && (*result).type_ == pg_sys::NodeTag::T_ReturnSetInfo
                && (*result).allowedModes as u32 & pg_sys::SetFunctionReturnMode::SFRM_Materialize
                    != 0;
            if !accepts {
                return Err(Error::NoRowsAccepted);
            }
            let outer = pg_sys::MemoryContextSwitchTo((*(*result).econtext).ecxt_per_query_memory);
            let mut columns = std::ptr::null_mut();
            pg_sys::get_call_result_type(call, std::ptr::null_mut(), &raw mut columns);
            let declared = (!columns.is_null()).then(|| PgTupleDesc::from_pg_copy(columns));
            let found = declared
                .iter()
                .flat_map(|columns| columns.iter().map(|column| column.atttypid));
            if !found.eq(types) {
                pg_sys::MemoryContextSwitchTo(outer);
                return Err(Error::Internal(
                    "a function returns other columns than it was made with",
                ));
            }
            let columns = pg_sys::CreateTupleDescCopy(columns);
            let random = (*result).allowedModes as u32
                & pg_sys::SetFunctionReturnMode::SFRM_Materialize_Random
                != 0;
            let store = pg_sys::tuplestore_begin_heap(random, false, pg_sys::work_mem);
            pg_sys::MemoryContextSwitchTo(outer);
            (*result).returnMode = pg_sys::SetFunctionReturnMode::SFRM_Materialize;
            (*result).setResult = store;
            (*result).setDesc = columns;
            Ok(Self { store, columns })
        }
    }

    /// Adds a row.
    pub fn put(&mut self, values: [Option<Datum>; N]) {
        let mut nulls = values.map(|value| value.is_none());
        let mut values = values.map(|value| value.unwrap_or(Datum::null()));
        // SAFETY: the store is open until the query ends, copies the values, and has as many columns of their types.
        unsafe {
            pg_sys::tuplestore_putvalues(
                self.store,
                self.columns,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
        }
    }
}

/// A text as PostgreSQL reads it: its length and its bytes, made once for many rows.
pub struct Text(Vec<u32>);

impl Text {
    pub fn new(text: &str) -> Self {
        let length = size_of::<u32>() + text.len();
        let mut words = vec![0_u32; length.div_ceil(size_of::<u32>())];
        // SAFETY: the words hold the length and the text, and are aligned as a varlena must be.
        unsafe {
            let bytes: *mut u8 = words.as_mut_ptr().cast();
            pgrx::varlena::set_varsize_4b(bytes.cast(), length as i32);
            std::ptr::copy_nonoverlapping(text.as_ptr(), bytes.add(size_of::<u32>()), text.len());
        }
        Self(words)
    }

    /// Points to it: valid as long as it is.
    pub fn datum(&self) -> Option<Datum> {
        Some(Datum::from(self.0.as_ptr()))
    }
}
