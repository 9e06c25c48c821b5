//! How many bytes of a record follow: one byte, or three of many.

/// That the length is in the two bytes that follow.
const MANY: u8 = u8::MAX;

/// Reads the length at a place; returns where it ends.
#[cold]
pub(super) fn read(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    match *bytes.get(at)? {
        MANY => {
            let many = bytes.get(at + 1..)?.first_chunk()?;
            Some((u16::from_le_bytes(*many).into(), at + 3))
        }
        few => Some((few.into(), at + 1)),
    }
}

/// Writes, into the byte that was left for it, the length of all that follows; makes room if it takes more than one.
#[cold]
pub(super) fn write(out: &mut Vec<u8>, at: usize) {
    let length = out.len() - at - 1;
    if length < usize::from(MANY) {
        out[at] = length as u8;
    } else {
        out[at] = MANY;
        let length = (length as u16).to_le_bytes();
        out.splice(at + 1..at + 1, length);
    }
}
