//! Codes of other processes.

use super::*;

#[test]
fn codes_of_other_processes_are_replaced_while_records_become_columns() {
    let texts = ["buy", "view", "click", "open"];
    let mut here = met(&texts[..2]);
    let there = [
        met(&["open", "view", "buy"]),
        met(&["click", "view"]),
        met(&texts[..2]),
    ];
    let recodes = there
        .each_ref()
        .map(|there| Arc::new(CodeMap::new(there, &mut here).unwrap()));
    let (mut batch, mut mapped) = (Batch::default(), Vec::new());
    for number in 0..4000_usize {
        let key = format!("{}", number % 37);
        let time = (number * 31 % 97) as Micros;
        // Sixteen records of one process, then of the next.
        let process = number / 16 % 4;
        let from = process
            .checked_sub(1)
            .map_or(&here, |process| &there[process]);
        let text = texts[number % 4].as_bytes();
        let Some(code) = from.kinds.code(text) else {
            continue;
        };
        let start = batch.bytes.len();
        event(&mut batch.bytes, &key, time, code, false, number as f64);
        if let Some(process) = process.checked_sub(1) {
            batch.recode(start, &recodes[process]);
        }
        let code = here.kinds.code(text).unwrap();
        event(&mut mapped, &key, time, code, false, number as f64);
    }
    let seen = share((Witness::default(), None), vec![vec![batch]], &here).unwrap();
    assert_eq!(
        seen.concat(),
        walk(&mut Partition::default(), &mapped, &here)
    );
}

#[test]
fn codes_of_other_processes_can_be_replaced_in_the_records() {
    let mut here = met(&["buy"]);
    let there = met(&["view", "buy"]);
    let recode = Arc::new(CodeMap::new(&there, &mut here).unwrap());
    let (mut batch, mut expected) = (Batch::default(), Vec::new());
    let code = |dictionaries: &Dictionaries| dictionaries.kinds.code(b"view").unwrap();
    for (start, from) in [
        (false, &here),
        (true, &there),
        (true, &there),
        (false, &here),
    ] {
        let begin = batch.bytes.len();
        event(&mut batch.bytes, "k", 1, code(from), false, 0.0);
        if start {
            batch.recode(begin, &recode);
        }
        event(&mut expected, "k", 1, code(&here), false, 0.0);
    }
    assert_ne!(batch.bytes, expected);
    for _ in 0..2 {
        batch.apply_maps(&LAYOUT, &mut || ()).unwrap();
        assert_eq!(batch.bytes, expected);
    }
}

#[test]
fn a_text_that_one_process_had_no_room_for_is_the_same_text() {
    let texts: Vec<String> = (0..40).map(|number| format!("session {number}")).collect();
    let with_room = |room: usize| {
        let mut dictionaries = Dictionaries::new(1, 0);
        dictionaries.events[0] = Dictionary::new(room);
        dictionaries
    };
    // Processes that meet the texts in opposite orders: each has a code for what the other has hashed.
    let mut here = with_room(30);
    let mut there = with_room(10);
    let mut batch = Batch::default();
    let mut stretch = Vec::new();
    for number in 0..texts.len() {
        let [one, other] = [number, texts.len() - 1 - number].map(|place| texts[place].as_bytes());
        let code = here.events[0].intern(one).unwrap();
        LAYOUT.push_event(
            &mut batch.bytes,
            b"k",
            1,
            0,
            Flags::default(),
            &[0.0],
            &[code],
        );
        let code = there.events[0].intern(other).unwrap();
        LAYOUT.push_event(&mut stretch, b"k", 2, 0, Flags::default(), &[0.0], &[code]);
    }
    let start = batch.bytes.len();
    batch.bytes.extend_from_slice(&stretch);
    batch.recode(start, &Arc::new(CodeMap::new(&there, &mut here).unwrap()));
    let made = share((Codes::default(), None), vec![vec![batch]], &here).unwrap();
    let mut codes = made.concat();
    assert_eq!(codes.len(), 2 * texts.len());
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), texts.len(), "each text goes by one code");
}

/// Keeps the codes that it sees.
#[derive(Default)]
struct Codes(Vec<u32>);

impl Visitor for Codes {
    type Output = Vec<u32>;

    fn visit(&mut self, profile: &Profile, _: &mut dyn FnMut()) -> Result<(), Error> {
        self.0.extend_from_slice(profile.history.codes[0]);
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn FnMut()) -> Result<Vec<u32>, Error> {
        Ok(std::mem::take(&mut self.0))
    }
}
