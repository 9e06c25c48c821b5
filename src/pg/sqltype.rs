//! SQL types of arguments that pgrx reads too strictly or not at all: `regclass` (pgrx raises XX000 for a dropped
//! OID), `name`, `name[]` and `jsonb` (pgrx panics on numbers and depths that jsonb allows).

use std::ffi::{CStr, CString};

use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::{FromDatum, IntoDatum, pg_sys};

use crate::pg::jsonb;

/// A relation, which need not exist any more.
pub struct Regclass(pub pg_sys::Oid);

/// A name.
pub struct Name(pub String);

/// A list of names.
pub struct Names(pub Vec<Option<String>>);

/// The text of a jsonb value.
pub struct JsonbText(pub String);

/// The bytes of a jsonb value that was composed without its text.
pub struct JsonbBytes(pub Vec<u8>);

/// A value of any type, with its type. A literal without a type is a text.
///
/// Its SQL type is anycompatible, not anyelement: that refuses literals and parameters whose type nobody says.
pub struct AnyValue {
    pub datum: pg_sys::Datum,
    pub type_oid: pg_sys::Oid,
}

impl AnyValue {
    /// The value as its type writes it; a `char(n)` without the blanks behind it.
    pub fn text(&self) -> String {
        let (mut output, mut is_varlena) = (pg_sys::InvalidOid, false);
        // SAFETY: the value is of the type; what the output function returns is a C string.
        let text = unsafe {
            pg_sys::getTypeOutputInfo(self.type_oid, &mut output, &mut is_varlena);
            text_of(pg_sys::OidOutputFunctionCall(output, self.datum))
        };
        // SAFETY: a look-up in the catalog by OID.
        match unsafe { pg_sys::getBaseType(self.type_oid) } {
            pg_sys::BPCHAROID => text.trim_end_matches(' ').to_owned(),
            _ => text,
        }
    }
}

impl FromDatum for AnyValue {
    const GET_TYPOID: bool = true;

    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        type_oid: pg_sys::Oid,
    ) -> Option<Self> {
        // Without an expression of the call nobody knows the type.
        (!is_null && type_oid != pg_sys::InvalidOid).then_some(Self { datum, type_oid })
    }
}

impl FromDatum for Regclass {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        // SAFETY: a regclass is an OID.
        unsafe { pg_sys::Oid::from_datum(datum, is_null).map(Self) }
    }
}

impl FromDatum for Name {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        // SAFETY: a name is 64 bytes that end with a zero.
        (!is_null).then(|| Self(unsafe { text_of(datum.cast_mut_ptr()) }))
    }
}

impl FromDatum for Names {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        let (mut elements, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
        // SAFETY: the array is detoasted; element type, width and alignment are those of name.
        unsafe {
            let array = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
            let align = pg_sys::TYPALIGN_CHAR as std::ffi::c_char;
            pg_sys::deconstruct_array(
                array,
                pg_sys::NAMEOID,
                64,
                false,
                align,
                &mut elements,
                &mut nulls,
                &mut count,
            );
            let count = usize::try_from(count).unwrap_or(0);
            let name = |index| {
                Name::from_datum(*elements.add(index), *nulls.add(index)).map(|name| name.0)
            };
            Some(Self((0..count).map(name).collect()))
        }
    }
}

impl FromDatum for JsonbText {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        // SAFETY: jsonb_out turns any jsonb value into a C string.
        (!is_null)
            .then(|| unsafe { Self(text_of(pg_sys::OidOutputFunctionCall(JSONB_OUT, datum))) })
    }
}

impl IntoDatum for JsonbText {
    /// The text must be JSON.
    fn into_datum(self) -> Option<pg_sys::Datum> {
        let text = CString::new(self.0).ok()?;
        // SAFETY: jsonb_in takes a C string and copies it.
        unsafe {
            pgrx::direct_function_call_as_datum(
                pg_sys::jsonb_in,
                &[Some(pg_sys::Datum::from(text.as_ptr()))],
            )
        }
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::JSONBOID
    }
}

impl IntoDatum for JsonbBytes {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        Some(jsonb::datum(&self.0))
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::JSONBOID
    }
}

// SAFETY: returns the datum that `into_datum` makes.
unsafe impl BoxRet for JsonbBytes {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        match self.into_datum() {
            // SAFETY: the SQL type of the result is jsonb.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}

// SAFETY: returns the datum that `into_datum` makes.
unsafe impl BoxRet for JsonbText {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        match self.into_datum() {
            // SAFETY: the SQL type of the result is jsonb.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}

/// The OID of jsonb_out, fixed in pg_proc.dat.
const JSONB_OUT: pg_sys::Oid = pg_sys::Oid::from_u32(3804);

/// # Safety
/// The pointer is to a C string.
unsafe fn text_of(text: *const std::ffi::c_char) -> String {
    // SAFETY: by contract. Databases are UTF8, so nothing is lost.
    unsafe { CStr::from_ptr(text).to_string_lossy().into_owned() }
}

// SAFETY: the SQL type of each argument is the one that `from_polymorphic_datum` reads.
unsafe impl SqlTranslatable for Regclass {
    const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!(Regclass);
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> =
        Ok(SqlMappingRef::literal("regclass"));
    const RETURN_SQL: Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("regclass")));
}

// SAFETY: as above.
unsafe impl SqlTranslatable for Name {
    const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!(Name);
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::literal("name"));
    const RETURN_SQL: Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("name")));
}

// SAFETY: as above.
unsafe impl SqlTranslatable for Names {
    const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!(Names);
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::literal("name[]"));
    const RETURN_SQL: Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("name[]")));
}

// SAFETY: as above.
unsafe impl SqlTranslatable for JsonbText {
    const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!(JsonbText);
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::literal("jsonb"));
    const RETURN_SQL: Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("jsonb")));
}

// SAFETY: as above.
unsafe impl SqlTranslatable for JsonbBytes {
    const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!(JsonbBytes);
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::literal("jsonb"));
    const RETURN_SQL: Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("jsonb")));
}

// SAFETY: as above; any type is read as what it is.
unsafe impl SqlTranslatable for AnyValue {
    const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!(AnyValue);
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> =
        Ok(SqlMappingRef::literal("anycompatible"));
    const RETURN_SQL: Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("anycompatible")));
}

/// Arguments of these types are always `Option`, so that NULL gets a message: a NULL never comes here.
unsafe fn unbox<T: FromDatum>(arg: Arg<'_, '_>) -> T {
    // SAFETY: the SQL type of the argument is the type's.
    match unsafe { arg.unbox_arg_using_from_datum() } {
        Some(value) => value,
        None => unreachable!("an argument that is not declared as an Option is NULL"),
    }
}

// SAFETY: `unbox` reads the type that the function was declared with.
unsafe impl<'fcx> ArgAbi<'fcx> for Regclass {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as above.
        unsafe { unbox(arg) }
    }
}

// SAFETY: as above.
unsafe impl<'fcx> ArgAbi<'fcx> for Name {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as above.
        unsafe { unbox(arg) }
    }
}

// SAFETY: as above.
unsafe impl<'fcx> ArgAbi<'fcx> for Names {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as above.
        unsafe { unbox(arg) }
    }
}

// SAFETY: as above.
unsafe impl<'fcx> ArgAbi<'fcx> for JsonbText {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as above.
        unsafe { unbox(arg) }
    }
}

// SAFETY: as above.
unsafe impl<'fcx> ArgAbi<'fcx> for AnyValue {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as above.
        unsafe { unbox(arg) }
    }
}
