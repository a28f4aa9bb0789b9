//! No bytes make the FIX reader, the dictionaries or the encoder panic; fields cover their message; what passes a dictionary has
//! as many instances of each group as its count says.
#![no_main]
use isthmus_wire::fix::dictionary::Dictionary;
use isthmus_wire::fix::encode::Encoder;
use isthmus_wire::fix::frame::{Head, checksum, head};
use isthmus_wire::fix::index::Index;
use isthmus_wire::fix::part::Part;
use libfuzzer_sys::fuzz_target;

fn groups_agree(part: Part) {
    for entry in part.entries() {
        if let Some(group) = entry.group {
            let instances: Vec<Part> = group.collect();
            let said: usize = std::str::from_utf8(entry.value).unwrap().parse().unwrap();
            assert_eq!(said, instances.len());
            instances.into_iter().for_each(groups_agree);
        }
    }
}

fn look(message: &[u8]) {
    let mut index = Index::new();
    if index.read(message).is_err() {
        return;
    }
    let view = index.view(message);
    let covered: usize = view.iter().map(|(tag, value)| tag.cast_signed().to_string().len() + value.len() + 2).sum();
    assert_eq!(covered, message.len());
    for dictionary in [Dictionary::fix42(), Dictionary::fix44(), Dictionary::fix50sp2(), Dictionary::fixt11()] {
        let right = dictionary.validate(&view).is_ok();
        let Some(part) = dictionary.part(view) else { continue };
        let body = part.sorted_body();
        if right {
            groups_agree(part);
        }
        let mut encoder = Encoder::new();
        encoder.begin(b"FIX.4.4", view.msg_type());
        body.iter().for_each(|entry| encoder.copy(&view, entry.fields));
        let _ = encoder
            .finish()
            .map(<[u8]>::to_vec)
            .map(|message| assert_eq!(head(&message), Head::Message { length: message.len() }));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut at = 0;
    while at < bytes.len() {
        match head(&bytes[at..]) {
            Head::Message { length } => {
                look(&bytes[at..at + length]);
                at += length;
            }
            Head::Garbled { skip, .. } => {
                assert!(skip > 0 && at + skip <= bytes.len());
                at += skip;
            }
            Head::Incomplete => break,
        }
    }
    // the same bytes as the body of a message that is framed right
    let mut message = format!("8=FIX.4.4\u{1}9={}\u{1}", bytes.len()).into_bytes();
    message.extend(bytes);
    let sum = checksum(&message);
    message.extend(format!("10={sum:03}\u{1}").bytes());
    look(&message);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Dictionary::from_xml(text);
    }
});
