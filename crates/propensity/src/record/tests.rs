use super::*;

const LAYOUT: Layout = Layout {
    key: KeyWidth::Variable,
    numbers: 2,
    codes: 1,
    profile_numbers: 1,
    profile_codes: 2,
};

#[test]
fn records_read_back_in_the_order_they_were_written() {
    let mut bytes = Vec::new();
    let flags = Flags::new(true, false, true);
    LAYOUT.push_event(
        &mut bytes,
        b"ann",
        -5,
        7,
        flags,
        &[1.5, f64::INFINITY],
        &[9],
    );
    LAYOUT.push_attributes(&mut bytes, b"", Micros::MIN, &[-0.0], &[1, 2]);
    let mark = Mark {
        cutoff: 11,
        kind: MarkKind::NegativeExample,
    };
    LAYOUT.push_mark(&mut bytes, b"bob", mark);

    let event = LAYOUT.record(&bytes, 0).unwrap();
    assert_eq!(
        (event.kind, event.key, event.time),
        (RecordKind::Event, &b"ann"[..], -5)
    );
    assert_eq!(event_flags(bytes[0]), flags);
    let body = LAYOUT.event_body(&bytes[LAYOUT.head(b"ann")..]).unwrap();
    let numbers: Vec<f64> = body.values.numbers().collect();
    assert_eq!((body.kind, numbers[0]), (7, 1.5));
    assert!(numbers[1].is_nan());
    let fields = LAYOUT.fields(&bytes, LAYOUT.head(b"ann"));
    assert_eq!((fields.kind(0), fields.code(0, 0)), (7, 9));
    assert_eq!(fields.number(0, 0), 1.5);
    let first = &bytes[..event.next];
    assert_eq!(
        [0, 1].map(|column| LAYOUT.code(b"ann", first, column)),
        [7, 9]
    );
    assert_eq!(body.values.codes().collect::<Vec<_>>(), [9]);

    let row = LAYOUT.record(&bytes, event.next).unwrap();
    assert_eq!(
        (row.kind, row.key, row.time),
        (RecordKind::Attributes, &b""[..], Micros::MIN)
    );
    let body = &bytes[event.next + LAYOUT.head(b"")..];
    let values = LAYOUT.attributes_body(body).unwrap();
    assert!(values.numbers().all(|number| number.is_sign_positive()));
    assert_eq!(values.codes().collect::<Vec<_>>(), [1, 2]);

    let records: Result<Vec<_>, _> = LAYOUT.records(&bytes).collect();
    let keys: Vec<&[u8]> = records.iter().flatten().map(|(key, _)| *key).collect();
    assert_eq!(keys, [&b"ann"[..], b"", b"bob"]);
    let whole: Vec<u8> = records
        .iter()
        .flatten()
        .flat_map(|(_, record)| *record)
        .copied()
        .collect();
    assert_eq!(whole, bytes);

    let last = LAYOUT.record(&bytes, row.next).unwrap();
    assert_eq!(
        (last.key, last.time, last.next),
        (&b"bob"[..], 11, bytes.len())
    );
    assert_eq!(mark_kind(bytes[row.next]), Some(mark.kind));
}

#[test]
fn a_record_cut_short_is_refused() {
    let mut bytes = Vec::new();
    LAYOUT.push_event(&mut bytes, b"ann", 0, 0, Flags::default(), &[0.0; 2], &[0]);
    for end in 0..bytes.len() {
        assert_eq!(
            LAYOUT.record(&bytes[..end], 0).err(),
            Some(Error::BadRecord)
        );
        let records: Result<Vec<_>, _> = LAYOUT.records(&bytes[..end]).collect();
        assert_eq!(records.is_err(), end > 0);
    }
    bytes[0] = 3;
    assert_eq!(LAYOUT.record(&bytes, 0).err(), Some(Error::BadRecord));
}
