use super::*;
use crate::record::KeyWidth;
use crate::rng::Rng;

const LAYOUT: Layout = Layout {
    key: KeyWidth::Fixed(0),
    numbers: 3,
    codes: 2,
    profile_numbers: 0,
    profile_codes: 0,
};

const NEWEST: Micros = 1_735_689_600_123_456;

/// Values of every width, and those next to where widths change.
fn records(count: u32) -> Vec<u8> {
    let mut rng = Rng::new(7);
    let mut pick = |values: &[f64]| values[rng.below(values.len() as u32) as usize];
    let mut records = Vec::new();
    for _ in 0..count {
        let mut number = || {
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
                -1e300,
                f64::MIN_POSITIVE,
                f64::NAN,
                f64::NEG_INFINITY,
            ])
        };
        let numbers = [number(), number(), number()];
        let mut code = || pick(&[0.0, 1.0, 255.0, 256.0, 65_535.0, 65_536.0, 4e9]) as u32;
        let (kind, codes) = (code(), [code(), code()]);
        let age = pick(&[
            0.0,
            1.0,
            123_456.0,
            1e6,
            1e12 + 123_456.0,
            2.9e14,
            4e15,
            9e18,
        ]);
        let flags = Flags::from_bits(pick(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]) as u8);
        let time = NEWEST.saturating_sub(age as Micros);
        LAYOUT.push_event(&mut records, b"", time, kind, flags, &numbers, &codes);
    }
    records
}

fn compressed(records: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let records = Records {
        layout: &LAYOUT,
        bytes: records,
    };
    Compact::new(&LAYOUT, NEWEST)
        .compress(&records, &mut bytes, &mut || ())
        .unwrap();
    bytes
}

/// Compact events as records again.
fn expanded(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let (mut out, mut numbers, mut codes) = (Vec::new(), Vec::new(), Vec::new());
    let compact = &Compact::new(&LAYOUT, NEWEST);
    let events = Events { compact, bytes };
    events.each(&mut numbers, &mut codes, &mut || (), &mut |event| {
        let (numbers, codes) = (event.numbers, &*event.codes);
        LAYOUT.push_event(
            &mut out,
            b"",
            event.time,
            event.kind,
            event.flags,
            numbers,
            codes,
        );
        Ok(())
    })?;
    Ok(out)
}

fn counted(bytes: &[u8]) -> Result<Counts, Error> {
    Compact::new(&LAYOUT, NEWEST).counts(bytes, &mut || ())
}

#[test]
fn events_come_back_as_they_were() {
    let records = records(5000);
    let bytes = compressed(&records);
    assert!(expanded(&bytes) == Ok(records));
    assert_eq!(counted(&bytes).unwrap().events, 5000);
}

#[test]
fn usual_events_are_short() {
    let mut bytes = Vec::new();
    let compact = Compact::new(&LAYOUT, NEWEST);
    let mut fields = compact.event(&mut bytes, 1_700_000_000_000_000, 3, Flags::default());
    [19.99, 5.0, f64::NAN]
        .iter()
        .for_each(|&number| fields.number(number));
    [1, 300].iter().for_each(|&code| fields.code(code));
    fields.end();
    assert_eq!(bytes.len(), 1 + 2 + 4 + 1 + 2 + 2 + 1 + 2);
}

#[test]
fn what_was_left_out_is_counted() {
    let mut bytes = Vec::new();
    let some = Counts {
        events: 0,
        future: 1,
        no_time: 2,
        not_finite: u64::from(u32::MAX),
        long_text: 0,
    };
    Compact::leave_out(&mut bytes, some);
    bytes.extend(compressed(&records(1)));
    Compact::leave_out(&mut bytes, some);
    let mut twice = some;
    twice.add(some);
    assert_eq!(counted(&bytes), Ok(Counts { events: 1, ..twice }));
    let length = bytes.len();
    Compact::leave_out(&mut bytes, Counts::default());
    assert_eq!(bytes.len(), length);
}

#[test]
fn bytes_cut_short_are_refused() {
    let bytes = compressed(&records(1));
    for end in 1..bytes.len() {
        assert_eq!(
            counted(&bytes[..end]),
            Err(Error::BadRecord),
            "cut at {end}"
        );
        assert_eq!(
            expanded(&bytes[..end]),
            Err(Error::BadRecord),
            "cut at {end}"
        );
    }
}
