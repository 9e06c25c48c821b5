//! Reading the values of records where they lie.

/// Where the fields of an event are, counted from its tag: the same for all events of a profile.
///
/// For events that [`Layout::record`] found whole; of others it reads zeros.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) kind: usize,
    pub(super) numbers: usize,
    pub(super) codes: usize,
}

impl Fields<'_> {
    /// Code of the type of the event at this offset.
    #[inline]
    pub(crate) fn kind(&self, event: usize) -> u32 {
        u32_at(self.bytes, event + self.kind).unwrap_or_default()
    }

    /// Its number in this column.
    #[inline]
    pub(crate) fn number(&self, event: usize, column: usize) -> f64 {
        let rest = self.bytes.get(event + self.numbers + 8 * column..);
        let number = rest.and_then(|rest| rest.first_chunk());
        number.map_or(0.0, |&number| f64::from_le_bytes(number))
    }

    /// Its code in this column.
    #[inline]
    pub(crate) fn code(&self, event: usize, column: usize) -> u32 {
        u32_at(self.bytes, event + self.codes + 4 * column).unwrap_or_default()
    }
}

/// An event's type and values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventBody<'a> {
    /// Code of the type.
    pub kind: u32,
    /// Attribute values.
    pub values: Values<'a>,
}

/// Numbers and codes, still packed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a> {
    numbers: &'a [[u8; 8]],
    codes: &'a [[u8; 4]],
}

impl<'a> Values<'a> {
    #[inline]
    pub(super) fn split(bytes: &'a [u8], numbers: usize, codes: usize) -> Option<Self> {
        let (left, right) = bytes.split_at_checked(8 * numbers)?;
        Some(Self {
            numbers: left.as_chunks().0,
            codes: right.get(..4 * codes)?.as_chunks().0,
        })
    }

    /// The numbers, in the order of the columns.
    #[inline]
    pub(crate) fn numbers(self) -> impl Iterator<Item = f64> + 'a {
        self.numbers.iter().map(|&bytes| f64::from_le_bytes(bytes))
    }

    /// The codes, in the order of the columns.
    #[inline]
    pub(crate) fn codes(self) -> impl Iterator<Item = u32> + 'a {
        self.codes.iter().map(|&bytes| u32::from_le_bytes(bytes))
    }
}

#[inline]
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}
