//! Histograms: per sampled column and bin, the sums of the rows of a leaf.

use super::sums::{Cell, Pair, Scale, add, minus};
use crate::error::Error;
use crate::learn::binning::{Bins, MISSING};

/// Sums per bin of one column.
pub(crate) type ColumnSums = [Cell; 256];

const NO_SUMS: ColumnSums = [[0; 2]; 256];

/// Rows whose numbers and sums stay in the cache while all columns are counted.
const BLOCK: usize = 16_384;

/// Columns counted side by side: most have a frequent bin, and adding to the same cell twice in a
/// row would wait for the first sum to be stored.
const SIDE: usize = 4;

/// One histogram per leaf that may still be split; buffers are kept for the next tree.
pub(crate) struct Histograms {
    columns: usize,
    slots: Vec<Vec<ColumnSums>>,
    free: Vec<usize>,
    cells: Vec<Cell>,
}

impl Histograms {
    pub(crate) fn new() -> Result<Self, Error> {
        let mut cells = Vec::new();
        cells.try_reserve_exact(BLOCK)?;
        Ok(Self {
            columns: 0,
            slots: Vec::new(),
            free: Vec::new(),
            cells,
        })
    }

    /// Frees all slots and sets how many columns the histograms of this tree have.
    pub(crate) fn start(&mut self, columns: usize) {
        self.columns = columns;
        self.free = (0..self.slots.len()).collect();
    }

    /// The sums of a slot, one entry per sampled column.
    pub(crate) fn get(&self, slot: usize) -> &[ColumnSums] {
        &self.slots[slot]
    }

    pub(crate) fn release(&mut self, slot: usize) {
        self.free.push(slot);
    }

    /// Counts rows into a free slot and returns it.
    pub(crate) fn count(
        &mut self,
        bins: &Bins,
        columns: &[u32],
        rows: &[u32],
        gradients: (&[Pair], Scale),
        poll: &mut dyn FnMut(),
    ) -> Result<usize, Error> {
        let slot = self.take()?;
        let sums = &mut self.slots[slot];
        for (sums, &column) in sums.iter_mut().zip(columns) {
            clear(sums, bins.values(column as usize));
        }
        let (pairs, scale) = gradients;
        for block in rows.chunks(BLOCK) {
            self.cells.clear();
            let cells = block.iter().map(|&row| scale.cell(pairs[row as usize]));
            self.cells.extend(cells);
            let (several, rest) = sums[..columns.len()].as_chunks_mut::<SIDE>();
            let (several_columns, rest_columns) = columns.as_chunks::<SIDE>();
            for (sums, columns) in several.iter_mut().zip(several_columns) {
                let columns = columns.map(|column| bins.column(column as usize));
                count_columns(sums, columns, block, &self.cells);
            }
            for (sums, &column) in rest.iter_mut().zip(rest_columns) {
                count_column(sums, bins.column(column as usize), block, &self.cells);
            }
            poll();
        }
        Ok(slot)
    }

    /// Turns the histogram of a parent into that of the child that was not counted.
    pub(crate) fn subtract(&mut self, bins: &Bins, columns: &[u32], parent: usize, child: usize) {
        let taken = std::mem::take(&mut self.slots[child]);
        for ((parent, child), &column) in self.slots[parent].iter_mut().zip(&taken).zip(columns) {
            let values = bins.values(column as usize);
            for bin in (0..values).chain([usize::from(MISSING)]) {
                parent[bin] = minus(parent[bin], child[bin]);
            }
        }
        self.slots[child] = taken;
    }

    fn take(&mut self) -> Result<usize, Error> {
        let slot = self.free.pop().unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.try_reserve(1)?;
            self.slots.push(Vec::new());
        }
        let sums = &mut self.slots[slot];
        if sums.len() < self.columns {
            sums.try_reserve_exact(self.columns - sums.len())?;
            sums.resize(self.columns, NO_SUMS);
        }
        Ok(slot)
    }
}

fn clear(sums: &mut ColumnSums, values: usize) {
    sums[..values].fill([0; 2]);
    sums[usize::from(MISSING)] = [0; 2];
}

fn count_column(sums: &mut ColumnSums, bins: &[u8], rows: &[u32], cells: &[Cell]) {
    for (&row, &cell) in rows.iter().zip(cells) {
        add(&mut sums[usize::from(bins[row as usize])], cell);
    }
}

/// Counts several columns of equal length in one reading of the rows.
///
/// Never inlined: beside other code the compiler runs out of registers.
#[inline(never)]
fn count_columns(
    sums: &mut [ColumnSums; SIDE],
    columns: [&[u8]; SIDE],
    rows: &[u32],
    cells: &[Cell],
) {
    // Of one length that the compiler knows of: a row is compared with it once.
    let length = columns[0].len();
    let columns = columns.map(|column| &column[..length]);
    for (&row, &cell) in rows.iter().zip(cells) {
        for (sums, column) in sums.iter_mut().zip(columns) {
            add(&mut sums[usize::from(column[row as usize])], cell);
        }
    }
}
