//! Values become bins.

use crate::rows::*;
use propensity::learn::binning::{Bins, MISSING};
use propensity::rng::Rng;

#[test]
fn deciding_by_bin_and_by_value_is_the_same() {
    let mut rng = Rng::new(23);
    let mut values: Vec<f32> = (0..3000)
        .map(|_| ((rng.unit() - 0.5) * 600.0) as f32)
        .collect();
    // Neighbouring floats, both zeros, extremes and missing values.
    let mut next = 1.0_f32;
    for value in values.iter_mut().take(200) {
        *value = next;
        next = next.next_up();
    }
    values[200..205].copy_from_slice(&[0.0, -0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE]);
    values[205..300].fill(f32::NAN);
    let x = matrix(1, values);
    for max_bins in [2, 3, 16, 255] {
        let bins = Bins::new(&x, &all(3000), max_bins, &mut || ()).unwrap();
        assert!(bins.values(0) < max_bins);
        assert!(bins.values(0) + 1 >= max_bins * 3 / 4);
        for (row, &bin) in bins.column(0).iter().enumerate() {
            let value = x.values[row];
            assert_eq!(bin == MISSING, value.is_nan());
            for split in 0..bins.values(0) as u8 {
                assert_eq!(bin <= split, value <= bins.threshold(0, split), "{value}");
            }
        }
    }
}

#[test]
fn few_distinct_values_get_a_bin_each_with_edges_midway() {
    let x = matrix(1, vec![1.0, 4.0, 4.0, 2.0, f32::NAN, 1.0]);
    let bins = bin(&x);
    assert_eq!(bins.column(0), [0, 2, 2, 1, MISSING, 0]);
    assert_eq!([bins.threshold(0, 0), bins.threshold(0, 1)], [1.5, 3.0]);
}

#[test]
fn many_values_share_bins_evenly_and_a_frequent_one_has_its_own() {
    let values = (0..4000).map(|row| if row % 4 == 0 { 1500.0 } else { row as f32 });
    let x = matrix(1, values.collect());
    let bins = Bins::new(&x, &all(4000), 21, &mut || ()).unwrap();
    let mut counts = vec![0; bins.values(0)];
    for &bin in bins.column(0) {
        counts[usize::from(bin)] += 1;
    }
    let frequent = bins.column(0)[0];
    assert!(
        (1000..1080).contains(&counts[usize::from(frequent)]),
        "{counts:?}"
    );
    counts.remove(usize::from(frequent));
    assert!(counts.len() >= 18);
    assert!(
        counts.iter().all(|&rows| (60..=250).contains(&rows)),
        "{counts:?}"
    );
}

#[test]
fn edges_come_from_the_rows_given_and_bin_all_rows() {
    let x = matrix(1, vec![1.0, 2.0, 100.0, -5.0]);
    let bins = Bins::new(&x, &[0, 1], 255, &mut || ()).unwrap();
    assert_eq!(bins.column(0), [0, 1, 1, 0]);
}
