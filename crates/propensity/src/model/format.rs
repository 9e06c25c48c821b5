//! The primitives of the stored form of a model: magic, format, counted little-endian arrays, and
//! a CRC32 over everything before it.
//!
//! Arrays are flat, so nothing nests and reading needs no recursion; a count is checked against
//! the bytes that remain before memory is reserved, so damaged or hostile bytes cost no more
//! memory than they are long. The CRC finds accidents, not attacks: whoever reads the values
//! checks what they mean.

use crate::error::Error;

/// What the bytes of every stored model start with.
const MAGIC: [u8; 6] = *b"CUSTAI";
/// The format that is written and read. Models of format 1 had features that there are no more.
pub const FORMAT: u16 = 2;
/// Bytes of magic and format, and of the CRC at the end.
const HEADER: usize = MAGIC.len() + 2;
const TRAILER: usize = 4;
/// No number of a model is larger.
const LARGEST: f64 = 1e100;

/// Writes values one after the other.
pub struct Writer {
    bytes: Vec<u8>,
}

impl Default for Writer {
    fn default() -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORMAT.to_le_bytes());
        Self { bytes }
    }
}

impl Writer {
    /// Appends bytes as they are, after their count.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if there is no memory for them or they are 2^32 or more, here and in
    /// the other arrays.
    pub fn bytes(&mut self, values: &[u8]) -> Result<(), Error> {
        self.array(values, |value| [value])
    }

    /// Appends a count and that many unsigned integers.
    ///
    /// # Errors
    ///
    /// See [`Self::bytes`].
    pub fn u32s(&mut self, values: &[u32]) -> Result<(), Error> {
        self.array(values, u32::to_le_bytes)
    }

    /// Appends a count and that many short unsigned integers.
    ///
    /// # Errors
    ///
    /// See [`Self::bytes`].
    pub fn u16s(&mut self, values: &[u16]) -> Result<(), Error> {
        self.array(values, u16::to_le_bytes)
    }

    /// Appends a count and that many single precision numbers.
    ///
    /// # Errors
    ///
    /// See [`Self::bytes`].
    pub fn f32s(&mut self, values: &[f32]) -> Result<(), Error> {
        self.array(values, f32::to_le_bytes)
    }

    /// Appends a count and that many double precision numbers.
    ///
    /// # Errors
    ///
    /// See [`Self::bytes`].
    pub fn f64s(&mut self, values: &[f64]) -> Result<(), Error> {
        self.array(values, f64::to_le_bytes)
    }

    fn array<T: Copy, const WIDTH: usize>(
        &mut self,
        values: &[T],
        to_bytes: fn(T) -> [u8; WIDTH],
    ) -> Result<(), Error> {
        let count = u32::try_from(values.len()).map_err(|_| Error::OutOfMemory)?;
        self.bytes.try_reserve(4 + values.len() * WIDTH)?;
        self.bytes.extend(count.to_le_bytes());
        self.bytes
            .extend(values.iter().flat_map(|&value| to_bytes(value)));
        Ok(())
    }

    /// The bytes, sealed with their CRC.
    pub fn finish(mut self) -> Vec<u8> {
        let crc = crc32fast::hash(&self.bytes);
        self.bytes.extend(crc.to_le_bytes());
        self.bytes
    }
}

/// Reads what a [`Writer`] wrote, in the same order.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Checks magic, format and CRC.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFormat`] for another format, else [`Error::Corrupted`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() < HEADER + TRAILER {
            return Err(corrupted("it is too short"));
        }
        let (body, crc) = bytes.split_at(bytes.len() - TRAILER);
        let (header, rest) = body.split_at(HEADER);
        let Some(format) = header.strip_prefix(&MAGIC) else {
            return Err(corrupted("it does not start like a model"));
        };
        match u16::from_le_bytes(exactly(format)?) {
            0 => return Err(corrupted("its format is 0")),
            FORMAT => {}
            found => {
                return Err(Error::UnknownFormat {
                    found,
                    required: FORMAT,
                });
            }
        }
        if crc32fast::hash(body) != u32::from_le_bytes(exactly(crc)?) {
            return Err(corrupted("its checksum is wrong"));
        }
        Ok(Self { rest })
    }

    /// The next bytes, borrowed.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupted`] if fewer remain than their count says, here and in the other arrays.
    pub fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let count = self.count()?;
        self.take(count)
    }

    /// The next unsigned integers.
    ///
    /// # Errors
    ///
    /// See [`Self::bytes`]; [`Error::OutOfMemory`] if there is no memory for them.
    pub fn u32s(&mut self) -> Result<Vec<u32>, Error> {
        self.array(u32::from_le_bytes)
    }

    /// The next short unsigned integers.
    ///
    /// # Errors
    ///
    /// See [`Self::u32s`].
    pub fn u16s(&mut self) -> Result<Vec<u16>, Error> {
        self.array(u16::from_le_bytes)
    }

    /// The next single precision numbers, all finite.
    ///
    /// # Errors
    ///
    /// See [`Self::u32s`]; [`Error::Corrupted`] if one is not finite.
    pub fn f32s(&mut self) -> Result<Vec<f32>, Error> {
        let values = self.array(f32::from_le_bytes)?;
        finite(values.iter().all(|value| value.is_finite()))?;
        Ok(values)
    }

    /// The next double precision numbers, all finite and none above 1e100, so that sums of
    /// products of them stay finite.
    ///
    /// # Errors
    ///
    /// See [`Self::f32s`].
    pub fn f64s(&mut self) -> Result<Vec<f64>, Error> {
        let values = self.array(f64::from_le_bytes)?;
        finite(values.iter().all(|value| value.abs() <= LARGEST))?;
        Ok(values)
    }

    /// Ends the reading.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupted`] if bytes are left over.
    pub fn finish(self) -> Result<(), Error> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(corrupted("bytes are left over"))
        }
    }

    fn count(&mut self) -> Result<usize, Error> {
        Ok(u32::from_le_bytes(exactly(self.take(4)?)?) as usize)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(corrupted("it ends early"));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn array<T, const WIDTH: usize>(
        &mut self,
        from_bytes: fn([u8; WIDTH]) -> T,
    ) -> Result<Vec<T>, Error> {
        let count = self.count()?;
        let size = count.checked_mul(WIDTH).ok_or(Error::OutOfMemory)?;
        let taken = self.take(size)?;
        let mut values = Vec::new();
        values.try_reserve_exact(count)?;
        for chunk in taken.chunks_exact(WIDTH) {
            values.push(from_bytes(exactly(chunk)?));
        }
        Ok(values)
    }
}

/// [`Error::Corrupted`] with the reason.
pub fn corrupted(reason: &'static str) -> Error {
    Error::Corrupted { reason }
}

fn exactly<const WIDTH: usize>(bytes: &[u8]) -> Result<[u8; WIDTH], Error> {
    bytes.try_into().map_err(|_| corrupted("it ends early"))
}

fn finite(all: bool) -> Result<(), Error> {
    if all {
        Ok(())
    } else {
        Err(corrupted("a number is not finite"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(b"text").unwrap();
        writer.u16s(&[1, 65535]).unwrap();
        writer.u32s(&[7]).unwrap();
        writer.f32s(&[0.5, -2.0]).unwrap();
        writer.f64s(&[]).unwrap();
        writer.finish()
    }

    /// Bytes with a right CRC over whatever body.
    fn sealed(body: &[u8]) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes.extend(body);
        writer.finish()
    }

    #[test]
    fn reads_what_was_written() {
        let bytes = sample();
        let mut reader = Reader::new(&bytes).unwrap();
        assert_eq!(reader.bytes().unwrap(), b"text");
        assert_eq!(reader.u16s().unwrap(), [1, 65535]);
        assert_eq!(reader.u32s().unwrap(), [7]);
        assert_eq!(reader.f32s().unwrap(), [0.5, -2.0]);
        assert_eq!(reader.f64s().unwrap(), [0.0; 0]);
        reader.finish().unwrap();
    }

    #[test]
    fn every_truncation_is_found() {
        let bytes = sample();
        for length in 0..bytes.len() {
            assert!(matches!(
                Reader::new(&bytes[..length]),
                Err(Error::Corrupted { .. })
            ));
        }
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let bytes = sample();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Reader::new(&flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn another_format_is_named() {
        for found in [1, 9] {
            let mut bytes = sample();
            bytes[MAGIC.len()] = found;
            assert_eq!(
                Reader::new(&bytes).unwrap_err(),
                Error::UnknownFormat {
                    found: found.into(),
                    required: FORMAT
                }
            );
        }
    }

    #[test]
    fn an_absurd_count_reserves_nothing() {
        let bytes = sealed(&u32::MAX.to_le_bytes());
        for read in [
            |reader: &mut Reader| reader.f64s().map(|_| ()),
            |reader: &mut Reader| reader.u16s().map(|_| ()),
            |reader: &mut Reader| reader.bytes().map(|_| ()),
        ] {
            let mut reader = Reader::new(&bytes).unwrap();
            assert_eq!(read(&mut reader), Err(corrupted("it ends early")));
        }
    }

    #[test]
    fn numbers_must_be_finite() {
        for value in [f32::NAN, f32::INFINITY] {
            let mut body = 1_u32.to_le_bytes().to_vec();
            body.extend(value.to_le_bytes());
            let bytes = sealed(&body);
            let mut reader = Reader::new(&bytes).unwrap();
            assert_eq!(reader.f32s(), Err(corrupted("a number is not finite")));
        }
    }

    #[test]
    fn numbers_must_not_be_absurd() {
        for value in [f64::NAN, f64::NEG_INFINITY, -1e101] {
            let mut writer = Writer::default();
            writer.f64s(&[1e100, value]).unwrap();
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes).unwrap();
            assert_eq!(reader.f64s(), Err(corrupted("a number is not finite")));
        }
    }

    #[test]
    fn left_over_bytes_are_refused() {
        let bytes = sealed(&[0, 0, 0, 0, 1]);
        let mut reader = Reader::new(&bytes).unwrap();
        reader.bytes().unwrap();
        assert_eq!(reader.finish(), Err(corrupted("bytes are left over")));
    }
}
