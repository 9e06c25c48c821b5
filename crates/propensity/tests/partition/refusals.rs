//! What is refused, and how a walk ends.

use super::*;

#[test]
fn whatever_the_bytes_are_they_are_walked_or_refused() {
    let mut rng = Rng::new(7);
    let mut here = met(&["buy", "view"]);
    let recode = Arc::new(CodeMap::new(&met(&["view", "buy"]), &mut here).unwrap());
    let (_, whole) = eight_stretches();
    let whole = &whole[..5000];
    let end = LAYOUT
        .records(whole)
        .map_while(Result::ok)
        .map(|record| record.bytes().len());
    let whole = &whole[..end.sum()];
    let fixed = Layout {
        key: KeyWidth::Fixed(3),
        ..LAYOUT
    };
    let mut refused = 0;
    for round in 0..3000 {
        let mut batch = Batch::default();
        if round % 2 == 0 {
            batch.bytes.extend_from_slice(whole);
            for _ in 0..1 + rng.below(3) {
                let place = rng.below(whole.len() as u32) as usize;
                batch.bytes[place] = rng.below(256) as u8;
            }
        } else {
            batch
                .bytes
                .extend((0..rng.below(300)).map(|_| rng.below(16) as u8));
        }
        batch.recode(0, &recode);
        let layout = [LAYOUT, fixed][round % 4 / 2];
        let mut partition = Partition::default();
        partition.begin(rng.below(9000) as usize);
        let walked = partition
            .add(&layout, &batch, &|hash| hash.is_multiple_of(2), &mut || ())
            .and_then(|()| partition.visit(&layout, &here, &mut |_, _| Ok(()), &mut || ()));
        assert!(
            matches!(walked, Ok(()) | Err(Error::BadRecord)),
            "{walked:?}"
        );
        refused += usize::from(walked.is_err());
    }
    assert!(refused > 500 && refused < 3000, "{refused} refused");
}

#[test]
fn nothing_is_visited_in_an_empty_partition_and_a_broken_one_is_refused() {
    let dictionaries = Dictionaries::new(1, 0);
    assert!(walk(&mut Partition::default(), &[], &dictionaries).is_empty());
    let mut bytes = Vec::new();
    event(&mut bytes, "a", 1, 0, false, 0.0);
    bytes.pop();
    let found =
        Partition::default().walk(&LAYOUT, &bytes, &dictionaries, &mut |_| Ok(()), &mut || ());
    assert_eq!(found, Err(Error::BadRecord));
}

#[test]
fn an_error_of_the_visitor_ends_the_walk() {
    let mut bytes = Vec::new();
    event(&mut bytes, "a", 1, 0, false, 0.0);
    event(&mut bytes, "b", 1, 0, false, 0.0);
    let mut visits = 0;
    let mut visit = |_: &Profile| {
        visits += 1;
        Err(Error::NoRows)
    };
    let found = Partition::default().walk(
        &LAYOUT,
        &bytes,
        &Dictionaries::new(1, 0),
        &mut visit,
        &mut || (),
    );
    assert_eq!((found, visits), (Err(Error::NoRows), 1));
}
