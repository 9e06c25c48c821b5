use super::*;
use crate::error::Error;
use crate::rng::Rng;

const LAYOUT: Layout = Layout {
    key: KeyWidth::Variable,
    numbers: 3,
    codes: 2,
    profile_numbers: 1,
    profile_codes: 2,
};
const KEYLESS: Layout = Layout {
    key: KeyWidth::Fixed(0),
    profile_numbers: 0,
    profile_codes: 0,
    ..LAYOUT
};

/// What a record says, its values bit by bit.
#[derive(Debug, PartialEq)]
struct Said {
    key: Vec<u8>,
    kind: RecordKind,
    time: Micros,
    codes: Vec<u32>,
    numbers: Vec<u64>,
}

/// What the records say, as far as they are whole.
fn said(layout: &Layout, bytes: &[u8]) -> Result<Vec<Said>, Error> {
    let read = |record: Record| {
        let (mut numbers, mut codes) = (Vec::new(), Vec::new());
        let kind = record.kind()?;
        let (time, code) = match kind {
            RecordKind::Event(_) => {
                let (time, code) = record.event(layout, &mut numbers, &mut codes)?;
                (time, Some(code))
            }
            RecordKind::Attributes => {
                let valid_from = record.attributes(layout, &mut numbers, &mut codes)?;
                (valid_from, None)
            }
            RecordKind::Mark(_) => (record.cutoff()?, None),
            RecordKind::LeftOut(_) => return Err(Error::BadRecord),
        };
        Ok(Said {
            key: record.key.to_vec(),
            kind,
            time,
            codes: code.into_iter().chain(codes).collect(),
            numbers: numbers.into_iter().map(f64::to_bits).collect(),
        })
    };
    let records = layout.records(bytes);
    records.map(|record| record.and_then(read)).collect()
}

/// Events of values of every width, and of those next to where widths change.
fn events(layout: &Layout, count: u32, bytes: &mut Vec<u8>) -> Vec<Said> {
    let mut rng = Rng::new(7);
    let mut pick = |values: &[f64]| values[rng.below(values.len() as u32) as usize];
    let mut expected = Vec::new();
    for _ in 0..count {
        let numbers: Vec<f64> = (0..layout.numbers)
            .map(|_| {
                pick(&[
                    0.0,
                    -0.0,
                    19.99,
                    -327.68,
                    327.68,
                    0.1 + 0.2,
                    1e7,
                    21_474_836.47,
                    21_474_836.48,
                    -21_474_836.46,
                    -21_474_836.47,
                    -21_474_836.48,
                    -1e300,
                    f64::MIN_POSITIVE,
                    f64::NAN,
                    f64::NEG_INFINITY,
                ])
            })
            .collect();
        let mut code = || pick(&[0.0, 1.0, 255.0, 256.0, 65_534.0, 65_535.0, 65_536.0, 4e9]) as u32;
        let (kind, codes) = (
            code(),
            (0..layout.codes).map(|_| code()).collect::<Vec<_>>(),
        );
        let time = pick(&[0.0, 1.0, 1.7e15, 1.7e15 + 123_456.0, -1e18, 9e18, -9.3e18]) as Micros;
        let flags = Flags::from_bits(pick(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]) as u8);
        let length = pick(&[0.0, 1.0, 255.0, 256.0]) as usize;
        let key = match layout.key {
            KeyWidth::Variable => vec![b'k'; length],
            KeyWidth::Fixed(8) => [length as u8, 0, 0, 0, u8::from(length == 1), 0, 0, 0].to_vec(),
            KeyWidth::Fixed(width) => vec![length as u8; width],
        };
        layout.push_event(bytes, &key, time, kind, flags, &numbers, &codes);
        let stored = |number: f64| match number {
            _ if !number.is_finite() => f64::NAN,
            _ if number == 0.0 => 0.0,
            _ => number,
        };
        expected.push(Said {
            key,
            kind: RecordKind::Event(flags),
            time,
            codes: [kind].into_iter().chain(codes).collect(),
            numbers: numbers
                .iter()
                .map(|&number| stored(number).to_bits())
                .collect(),
        });
    }
    expected
}

#[test]
fn events_come_back_as_they_were() {
    for key in [
        KeyWidth::Variable,
        KeyWidth::Fixed(0),
        KeyWidth::Fixed(8),
        KeyWidth::Fixed(16),
    ] {
        // So many numbers that the length of a record takes two bytes.
        for numbers in [0, 3, 40] {
            let layout = Layout {
                key,
                numbers,
                ..LAYOUT
            };
            let mut bytes = Vec::new();
            let expected = events(&layout, 3000, &mut bytes);
            assert!(said(&layout, &bytes).as_ref() == Ok(&expected));
            assert_eq!(
                layout
                    .counts(&bytes, &mut || ())
                    .map(|counts| counts.events),
                Ok(3000)
            );
        }
    }
}

#[test]
fn usual_events_are_short() {
    let mut bytes = Vec::new();
    let (numbers, codes) = ([19.99, 5.0, f64::NAN], [1, 300]);
    let time = 1_700_000_000_000_000;
    let layout = Layout {
        key: KeyWidth::Fixed(8),
        ..LAYOUT
    };
    let key = 77_u64.to_le_bytes();
    layout.push_event(
        &mut bytes,
        &key,
        time,
        3,
        Flags::default(),
        &numbers,
        &codes,
    );
    let (head, values) = (1 + 4 + 4, 2 + 3 * 8 + 2 * 2);
    assert_eq!(bytes.len(), head + values);
    bytes.clear();
    KEYLESS.push_event(
        &mut bytes,
        b"",
        0,
        0,
        Flags::default(),
        &[f64::NAN; 3],
        &[0; 2],
    );
    assert_eq!(bytes.len(), 1 + 4 + values);
}

#[test]
fn records_of_all_kinds_follow_one_another() {
    let mut bytes = Vec::new();
    let mut expected = events(&LAYOUT, 1, &mut bytes);
    LAYOUT.push_attributes(&mut bytes, b"", Micros::MIN, &[-0.0], &[1, 2]);
    let mark = Mark {
        cutoff: 11,
        kind: MarkKind::NegativeExample,
    };
    LAYOUT.push_mark(&mut bytes, b"bob", mark);
    expected.push(Said {
        key: Vec::new(),
        kind: RecordKind::Attributes,
        time: Micros::MIN,
        codes: vec![1, 2],
        numbers: vec![0],
    });
    expected.push(Said {
        key: b"bob".to_vec(),
        kind: RecordKind::Mark(mark.kind),
        time: mark.cutoff,
        codes: Vec::new(),
        numbers: Vec::new(),
    });
    assert_eq!(said(&LAYOUT, &bytes), Ok(expected));
    let records = LAYOUT.records(&bytes).map(Result::unwrap);
    let whole: Vec<u8> = records.flat_map(|record| record.bytes().to_vec()).collect();
    assert_eq!(whole, bytes);
}

#[test]
fn codes_are_read_by_column() {
    let mut bytes = Vec::new();
    let flags = Flags::default();
    LAYOUT.push_event(
        &mut bytes,
        b"ann",
        5,
        7,
        flags,
        &[1.5, 1e9, f64::NAN],
        &[9, 300],
    );
    let record = LAYOUT.record(&bytes, 0).unwrap();
    let codes = [0, 1, 2].map(|column| record.code(&LAYOUT, column));
    assert_eq!(codes, [7, 9, 300]);
}

#[test]
fn what_was_left_out_is_counted() {
    let mut bytes = Vec::new();
    let some = ReadCounts {
        events: 0,
        null_profile: 0,
        future: 1,
        no_time: 2,
        not_finite: u64::from(u32::MAX),
        long_text: 0,
    };
    KEYLESS.leave_out(&mut bytes, some);
    events(&KEYLESS, 1, &mut bytes);
    KEYLESS.leave_out(&mut bytes, some);
    let mut twice = some;
    twice.add(some);
    let counts = |bytes: &[u8]| KEYLESS.counts(bytes, &mut || ());
    assert_eq!(counts(&bytes), Ok(ReadCounts { events: 1, ..twice }));
    let length = bytes.len();
    KEYLESS.leave_out(&mut bytes, ReadCounts::default());
    assert_eq!(bytes.len(), length);
}

#[test]
fn a_record_cut_short_is_refused() {
    for layout in [LAYOUT, KEYLESS] {
        let mut bytes = Vec::new();
        events(&layout, 1, &mut bytes);
        for end in 1..bytes.len() {
            assert_eq!(said(&layout, &bytes[..end]), Err(Error::BadRecord));
            let counts = layout.counts(&bytes[..end], &mut || ());
            assert_eq!(counts, Err(Error::BadRecord), "cut at {end}");
        }
    }
}

#[test]
fn a_record_with_other_long_values_is_refused() {
    let mut whole = Vec::new();
    let (numbers, codes) = ([0.0; 3], [70_000, 3]);
    KEYLESS.push_event(&mut whole, b"", 0, 1, Flags::default(), &numbers, &codes);
    assert!(said(&KEYLESS, &whole).is_ok());
    // The first code needs a long value, the second does not.
    let codes = 1 + 4 + CODE + 3 * NUMBER;
    for place in [codes, codes + CODE] {
        let mut bytes = whole.clone();
        let code = u16::from_le_bytes(cursor::array(&whole, place));
        let other = if code == LONG_CODE { 7 } else { LONG_CODE };
        bytes[place..place + CODE].copy_from_slice(&other.to_le_bytes());
        assert_eq!(said(&KEYLESS, &bytes), Err(Error::BadRecord));
    }
}

#[test]
fn a_mark_of_no_kind_is_refused() {
    let mut bytes = Vec::new();
    let (cutoff, kind) = (0, MarkKind::Eligible);
    LAYOUT.push_mark(&mut bytes, b"ann", Mark { cutoff, kind });
    bytes[0] |= 7 << FLAGS;
    assert_eq!(said(&LAYOUT, &bytes), Err(Error::BadRecord));
}
