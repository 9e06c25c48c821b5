//! Attributes and marks: the rare records beside the events.

use crate::error::Error;
use crate::event::dictionary::Dictionary;
use crate::event::history::{Attributes, Mark};
use crate::event::record::{Layout, Record, RecordKind};
use std::cmp::Ordering;
use std::ops::Range;

/// The attributes and marks of a partition, those of one profile unpacked.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// The records, one after the other.
    bytes: Vec<u8>,
    /// Number of the profile, later its rank; where the record is.
    records: Vec<(u32, usize)>,
    attributes: Vec<Attributes>,
    /// How many of `attributes` are in use; the others wait for the next profile.
    rows: usize,
    marks: Vec<Mark>,
}

impl Others {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
    }

    /// Takes a record of the profile with this number.
    pub(super) fn push(&mut self, owner: u32, record: &[u8]) -> Result<(), Error> {
        self.bytes.try_reserve(record.len())?;
        self.records.try_reserve(1)?;
        self.records.push((owner, self.bytes.len()));
        self.bytes.extend_from_slice(record);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Brings the records of each profile together, in the order of visit.
    pub(super) fn sort(&mut self, ranks: &[u32]) {
        for (owner, _) in &mut self.records {
            *owner = ranks[*owner as usize];
        }
        self.records.sort_unstable();
    }

    /// The records of the profile of this rank, which begin at `start`.
    pub(super) fn of(&self, rank: usize, start: usize) -> Range<usize> {
        let rest = &self.records[start..];
        start..start + rest.partition_point(|&(owner, _)| owner as usize == rank)
    }

    /// Unpacks records of one profile.
    pub(super) fn unpack(
        &mut self,
        records: Range<usize>,
        layout: &Layout,
        texts: &[Dictionary],
    ) -> Result<(&[Attributes], &[Mark]), Error> {
        self.rows = 0;
        self.marks.clear();
        for at in records {
            let offset = self.records[at].1;
            let record = layout.record(&self.bytes, offset)?;
            match record.kind()? {
                RecordKind::Attributes => {
                    unpack_attributes(&mut self.attributes, self.rows, layout, &record)?;
                    self.rows += 1;
                }
                RecordKind::Mark(kind) => {
                    let cutoff = record.cutoff()?;
                    self.marks.try_reserve(1)?;
                    self.marks.push(Mark { cutoff, kind });
                }
                RecordKind::Event(_) | RecordKind::LeftOut(_) => return Err(Error::BadRecord),
            }
        }
        let attributes = &mut self.attributes[..self.rows];
        attributes.sort_unstable_by(|a, b| compare_attributes(a, b, texts));
        self.marks.sort_unstable();
        Ok((attributes, &self.marks))
    }
}

/// Writes an attribute row to a place, or behind the last.
fn unpack_attributes(
    rows: &mut Vec<Attributes>,
    place: usize,
    layout: &Layout,
    record: &Record,
) -> Result<(), Error> {
    if place == rows.len() {
        rows.try_reserve(1)?;
        rows.push(Attributes {
            valid_from: 0,
            numbers: Vec::new(),
            codes: Vec::new(),
        });
    }
    let row = &mut rows[place];
    row.valid_from = record.attributes(layout, &mut row.numbers, &mut row.codes)?;
    Ok(())
}

/// Oldest first; rows of the same instant by their values.
fn compare_attributes(a: &Attributes, b: &Attributes, dictionaries: &[Dictionary]) -> Ordering {
    let numbers = || a.numbers.iter().zip(&b.numbers);
    let codes = || a.codes.iter().zip(&b.codes).zip(dictionaries);
    a.valid_from.cmp(&b.valid_from).then_with(|| {
        let by_number = numbers()
            .map(|(a, b)| a.total_cmp(b))
            .find(|order| order.is_ne());
        by_number.unwrap_or_else(|| {
            let mut orders = codes().map(|((&a, &b), texts)| texts.order(a).cmp(&texts.order(b)));
            orders
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        })
    })
}
