use super::*;

#[test]
fn codes_count_from_one_and_stay() {
    let mut words = Dictionary::default();
    for round in 0..2 {
        for number in 0..1000_u32 {
            let code = words.intern(format!("word {number}").as_bytes());
            assert_eq!(code, Ok(number + 1), "round {round}");
        }
    }
    assert_eq!(words.text(1), Some("word 0"));
    assert_eq!(words.text(1000), Some("word 999"));
    assert_eq!((words.text(0), words.text(1001)), (None, None));
    assert_eq!(words.code(b"word 41"), Some(42));
    assert_eq!(words.code(b"unknown"), None);
    assert_eq!(words.intern(b""), Ok(1001), "empty is not missing");
    assert!(!words.overflowed());
}

#[test]
fn short_texts_of_any_length_stay_apart() {
    let mut words = Dictionary::default();
    let alphabet = [b'a', b'b', 0];
    let mut texts: Vec<Vec<u8>> = vec![Vec::new()];
    for length in 1..=20 {
        for at in 0..length {
            for letter in alphabet {
                let mut text = vec![b'a'; length];
                text[at] = letter;
                texts.push(text);
            }
        }
    }
    texts.sort();
    texts.dedup();
    for _ in 0..2 {
        let codes: Vec<u32> = texts.iter().map(|t| words.intern(t).unwrap()).collect();
        assert_eq!(codes, (1..=texts.len() as u32).collect::<Vec<_>>());
    }
}

#[test]
fn texts_past_the_limit_get_a_code_from_their_hash() {
    let mut full = Dictionary::new(1);
    let mut roomy = Dictionary::default();
    for text in ["a", "b", "c"] {
        let hashed = full.intern(text.as_bytes()).unwrap();
        let known = roomy.intern(text.as_bytes()).unwrap();
        assert_eq!(
            full.intern(text.as_bytes()),
            Ok(hashed),
            "the same each time"
        );
        assert_eq!(
            full.order(hashed),
            roomy.order(known),
            "the same place for {text}"
        );
    }
    assert!(full.overflowed());
    assert_eq!((full.len(), full.text(1)), (1, Some("a")));
    assert!(full.intern(b"b").unwrap() >= HASHED);
}

#[test]
fn long_texts_and_bytes_that_are_no_text_stay_apart() {
    let mut words = Dictionary::default();
    let long = |last: &str| format!("{}{last}", "x".repeat(10_000));
    let codes = [
        words.intern(long("a").as_bytes()).unwrap(),
        words.intern(long("b").as_bytes()).unwrap(),
        words.intern(b"\xff").unwrap(),
        words.intern(b"\xfe").unwrap(),
        words.intern("é".repeat(200).as_bytes()).unwrap(),
    ];
    assert_eq!(codes, [1, 2, 3, 4, 5]);
    assert_eq!(words.intern(long("a").as_bytes()), Ok(1));
    let texts: Vec<&str> = codes.iter().filter_map(|&code| words.text(code)).collect();
    assert_eq!(texts.len(), 5);
    assert!(texts.iter().all(|text| text.len() < LONGEST + 20));
    assert!(texts.windows(2).all(|pair| pair[0] != pair[1]));
    let found: Vec<_> = texts
        .iter()
        .map(|text| words.code(text.as_bytes()))
        .collect();
    assert_eq!(found, codes.map(Some), "known by what stands for them");
}

#[test]
fn what_stands_for_a_long_text_is_not_taken_for_a_text() {
    let mut first = Dictionary::default();
    let long = "x".repeat(1000);
    let code = first.intern(long.as_bytes()).unwrap();
    let mut second = Dictionary::default();
    second.know("a").unwrap();
    second.know(first.text(code).unwrap()).unwrap();
    assert_eq!((second.len(), second.text(1)), (2, Some("a")));
    let again = second.intern(long.as_bytes()).unwrap();
    let known = second.code(first.text(code).unwrap().as_bytes());
    assert_eq!((again, known), (2, Some(2)));
    second.know("a~0123456789abcdef").unwrap();
    assert_eq!(second.intern(b"a~0123456789abcdef"), Ok(3));
}

#[test]
fn a_closed_dictionary_knows_what_it_knew() {
    let mut words = Dictionary::default();
    words.intern(b"a").unwrap();
    words.close();
    assert!(Dictionary::is_hash(words.intern(b"b").unwrap()));
    assert_eq!((words.intern(b"a"), words.len()), (Ok(1), 1));
}

#[test]
fn a_text_that_another_dictionary_had_no_room_for_is_resolved_where_it_is_known() {
    let texts: Vec<String> = (0..5000)
        .map(|number| format!("session {number}"))
        .collect();
    let mut full = Dictionary::new(1000);
    let mut roomy = Dictionary::new(3000);
    let there: Vec<u32> = texts
        .iter()
        .map(|text| full.intern(text.as_bytes()).unwrap())
        .collect();
    let here: Vec<u32> = texts
        .iter()
        .rev()
        .map(|text| roomy.intern(text.as_bytes()).unwrap())
        .collect();
    for (&there, &here) in there[1000..].iter().zip(here.iter().rev().skip(1000)) {
        assert!(Dictionary::is_hash(there));
        assert_eq!(roomy.resolve(there), here);
    }
    assert_eq!(
        [0, 7].map(|code| roomy.resolve(code)),
        [0, 7],
        "what has a code keeps it"
    );
    assert_eq!(Dictionary::default().resolve(there[4000]), there[4000]);
}

#[test]
fn texts_with_the_same_hash_past_the_limit_go_by_one_code() {
    // The highest 31 bits of the hashes of two of these texts are the same.
    let mut orders = std::collections::HashMap::new();
    let (mut twins, mut number) = (None, 0);
    while twins.is_none() {
        let text = format!("text {number}");
        let order = order_of_hash(xxh3_64(text.as_bytes()));
        twins = orders
            .insert(order, text.clone())
            .map(|first| (first, text));
        number += 1;
    }
    let (first, second) = twins.unwrap();
    let mut words = Dictionary::new(2);
    let codes = [&first, &second].map(|text| words.intern(text.as_bytes()).unwrap());
    assert_eq!(codes, [1, 2]);
    let mut full = Dictionary::new(0);
    let hashed = full.intern(second.as_bytes()).unwrap();
    assert_eq!([1, 2, hashed].map(|code| words.resolve(code)), [1, 1, 1]);
}
