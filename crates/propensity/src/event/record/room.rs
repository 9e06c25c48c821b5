//! Room at the end of a record.

/// Bytes by which room is made: so few, and always as many, that it takes some instructions and no call.
const ROOM: usize = 64;

/// Appends at least this many bytes.
#[inline(always)]
pub(super) fn make_room(out: &mut Vec<u8>, bytes: usize) {
    let end = out.len() + bytes;
    while out.len() < end {
        out.extend_from_slice(&[0; ROOM]);
    }
}
