//! Which partition a profile is in, and the parts of a large one.
//!
//! Events of a profile lie anywhere in its partition. Reading them together is twice as slow once
//! they no longer fit into the second cache; copying the records to parts that fit costs less.

use super::QUANTUM;
use crate::error::Error;
use crate::hash::profile_hash;
use crate::record::Layout;

/// Number of partitions: a power of two. 256 keep 100 million events under 20 MB each.
pub const PARTITIONS: usize = 256;
/// Bytes of a part, about: a quarter of a second cache.
const PART: usize = 1 << 19;
/// Records that tell how far hashes are apart.
const SAMPLE: usize = 1 << 12;
/// Parts that are written side by side at most.
const MOST: usize = 64;

/// The partition of a profile: the top bits of the hash of its key, so that partitions in order are
/// profiles in order of hash, however many partitions there are.
#[inline]
pub fn partition_of(hash: u64) -> usize {
    (hash >> (u64::BITS - PARTITIONS.ilog2())) as usize
}

/// Memory for the parts of partitions, one after the other.
#[derive(Debug, Default)]
pub(super) struct Parts {
    parts: Vec<Vec<u8>>,
}

impl Parts {
    /// The parts of a partition, in the order of hash: just itself, if it is small.
    pub(super) fn of<'a>(
        &'a mut self,
        layout: &Layout,
        bytes: &'a [u8],
        poll: &mut dyn FnMut(),
    ) -> Result<impl Iterator<Item = &'a [u8]> + use<'a>, Error> {
        let count = (bytes.len() / PART).next_power_of_two().min(MOST);
        let (whole, parts) = if count == 1 {
            (Some(bytes), &[][..])
        } else {
            self.split(layout, bytes, count, poll)?;
            (None, &self.parts[..count])
        };
        Ok(whole.into_iter().chain(parts.iter().map(Vec::as_slice)))
    }

    fn split(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        count: usize,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        if self.parts.len() < count {
            self.parts.resize_with(count, Vec::new);
        }
        self.parts.iter_mut().for_each(Vec::clear);
        let (least, most) = range(layout, bytes)?;
        // The leading bits of the distance from the least hash: in order.
        let width = u64::BITS - (most - least).leading_zeros();
        let shift = width.saturating_sub(count.ilog2());
        for (number, record) in layout.records(bytes).enumerate() {
            let (key, record) = record?;
            let place = (profile_hash(key).saturating_sub(least) >> shift) as usize;
            let part = &mut self.parts[place.min(count - 1)];
            part.try_reserve(record.len())?;
            part.extend_from_slice(record);
            if number.is_multiple_of(QUANTUM) {
                poll();
            }
        }
        Ok(())
    }
}

/// The least and the greatest hash of the first records. Those of a partition are hardly further
/// apart; beyond them, the first part and the last take what there is.
fn range(layout: &Layout, bytes: &[u8]) -> Result<(u64, u64), Error> {
    let (mut least, mut most) = (u64::MAX, 0);
    for record in layout.records(bytes).take(SAMPLE) {
        let hash = profile_hash(record?.0);
        (least, most) = (least.min(hash), most.max(hash));
    }
    Ok((least, most))
}
