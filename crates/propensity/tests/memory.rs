//! What the events of one profile take at most, while they are walked: a profile with very many is
//! most of the memory there is.

use propensity::event::dictionary::Dictionaries;
use propensity::event::history::Flags;
use propensity::event::record::{KeyWidth, Layout};
use propensity::walk::{Batch, Partition};
use std::alloc::{GlobalAlloc, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn add(bytes: usize) {
    MOST.fetch_max(USED.fetch_add(bytes, Relaxed) + bytes, Relaxed);
}

// SAFETY: every call is handed on to the system allocator unchanged; only sizes are counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: std::alloc::Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the contract of the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: std::alloc::Layout, size: usize) -> *mut u8 {
        add(size);
        USED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the contract of the caller.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: std::alloc::Layout) {
        USED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the contract of the caller.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const EVENTS: i64 = 1_500_000;
const PIECE: i64 = 10_000;

/// Appends a piece of the events of one profile, whose records are as long in every piece.
fn push_piece(layout: &Layout, piece: i64, out: &mut Vec<u8>) {
    for number in piece * PIECE..(piece + 1) * PIECE {
        let time = number * 7919 % 1_000_003;
        let (amount, codes) = ((1000 + number) as f64, [1, 1 + number as u32 % 7]);
        layout.push_event(out, &[7; 8], time, 1, Flags::default(), &[amount], &codes);
    }
}

/// A number and two texts: in columns 29 bytes with time, type and flags, and 4 that tell the profile.
#[test]
fn the_events_of_one_profile_take_little_more_than_their_fields() {
    let layout = Layout {
        key: KeyWidth::Fixed(8),
        numbers: 1,
        codes: 2,
        profile_numbers: 0,
        profile_codes: 0,
    };
    let dictionaries = Dictionaries::new(2, 0);
    let (mut partition, mut batch) = (Partition::default(), Batch::default());
    let bytes = (0..EVENTS / PIECE).map(|piece| {
        let mut bytes = Vec::new();
        push_piece(&layout, piece, &mut bytes);
        bytes.len()
    });
    let bytes = bytes.sum();
    let before = USED.load(Relaxed);
    partition.begin(bytes);
    for piece in 0..EVENTS / PIECE {
        batch.clear();
        push_piece(&layout, piece, &mut batch.bytes);
        partition
            .add(&layout, &batch, &|_| true, &mut || ())
            .unwrap();
    }
    drop(batch);
    let mut visits = 0;
    let mut held = 0;
    partition
        .visit(
            &layout,
            &dictionaries,
            &mut |profile, _| {
                assert!(profile.history.times.is_sorted());
                assert_eq!(profile.history.times.len(), EVENTS as usize);
                visits += 1;
                held = USED.load(Relaxed) - before;
                Ok::<(), propensity::Error>(())
            },
            &mut || (),
        )
        .unwrap();
    assert_eq!(visits, 1);
    let per_event = |bytes: usize| bytes as f64 / EVENTS as f64;
    let most = per_event(MOST.load(Relaxed) - before);
    assert!(most < 37.5, "{most} bytes an event at most");
    let held = per_event(held);
    assert!(held < 29.5, "{held} bytes an event while it is visited");
    let left = USED.load(Relaxed) - before;
    assert!(left < 1 << 20, "{left} bytes are still held");
}
