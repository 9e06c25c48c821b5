//! Histograms: per sampled column and bin, the sums of the rows of a leaf.

use super::sums::{Cell, Pair, Scale, add, minus};
use crate::binning::{Bins, MISSING};
use crate::error::Error;

/// Sums per bin of one column.
pub(crate) type ColumnSums = [Cell; 256];

const NO_SUMS: ColumnSums = [[0; 2]; 256];

/// Rows whose numbers and sums stay in the cache while all columns are counted.
const BLOCK: usize = 16_384;

/// Blocks shorter than this are counted in one lane: clearing others would cost more.
const SHORT: usize = 1024;

/// One histogram per leaf that may still be split; buffers are kept for the next tree.
pub(crate) struct Histograms {
    columns: usize,
    slots: Vec<Vec<ColumnSums>>,
    free: Vec<usize>,
    /// Further lanes of sums.
    lanes: Box<[ColumnSums; 3]>,
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
            lanes: Box::new([NO_SUMS; 3]),
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
            for (sums, &column) in sums.iter_mut().zip(columns) {
                let column = column as usize;
                let values = bins.values(column);
                let bins = bins.column(column);
                if block.len() < SHORT {
                    count_one(sums, bins, block, &self.cells);
                } else {
                    count_four(sums, &mut self.lanes, bins, block, &self.cells, values);
                }
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

fn count_one(sums: &mut ColumnSums, bins: &[u8], rows: &[u32], cells: &[Cell]) {
    for (&row, &cell) in rows.iter().zip(cells) {
        add(&mut sums[usize::from(bins[row as usize])], cell);
    }
}

/// Counts in four lanes: most columns have a frequent bin, and adding to the same cell twice in a
/// row would wait for the first sum to be stored.
fn count_four(
    sums: &mut ColumnSums,
    lanes: &mut [ColumnSums; 3],
    bins: &[u8],
    rows: &[u32],
    cells: &[Cell],
    values: usize,
) {
    lanes.iter_mut().for_each(|lane| clear(lane, values));
    let [second, third, fourth] = lanes;
    let (four_rows, last_rows) = rows.as_chunks::<4>();
    let (four_cells, last_cells) = cells.as_chunks::<4>();
    for (rows, cells) in four_rows.iter().zip(four_cells) {
        add(&mut sums[usize::from(bins[rows[0] as usize])], cells[0]);
        add(&mut second[usize::from(bins[rows[1] as usize])], cells[1]);
        add(&mut third[usize::from(bins[rows[2] as usize])], cells[2]);
        add(&mut fourth[usize::from(bins[rows[3] as usize])], cells[3]);
    }
    count_one(sums, bins, last_rows, last_cells);
    for bin in (0..values).chain([usize::from(MISSING)]) {
        for lane in lanes.iter() {
            add(&mut sums[bin], lane[bin]);
        }
    }
}
