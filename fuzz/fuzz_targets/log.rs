//! No bytes make a reader of notes, keys, tiles or whole logs panic.
#![no_main]
use std::collections::BTreeMap;

use isthmus_proofs::checkpoint::Checkpoint;
use isthmus_proofs::note::{Line, Note, Signer, Verifier};
use isthmus_proofs::tiles::{self, Kind, Tile};
use isthmus_proofs::verify::verify;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = (Checkpoint::parse(text), Line::parse(text), Signer::parse(text), Verifier::parse(text));
        assert!(Tile::parse(text).is_none_or(|tile| tile.to_string() == text));
    }
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes, "a note is written as it was read");
    }
    let width = bytes.first().map_or(1, |first| u16::from(*first).max(1));
    for kind in [Kind::Entries, Kind::Level(0)] {
        let tile = Tile { kind, index: 0, width };
        let _ = (tiles::entries(&tile, bytes), tiles::hashes(&tile, bytes));
    }
    // A whole log: the checkpoint up to the first zero byte, the first bundle and tile behind it.
    let (head, rest) = bytes.split_at(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    let partial = |folder: &str| (format!("tile/{folder}/000.p/{width}"), rest.to_vec());
    let files = BTreeMap::from([("checkpoint".into(), head.to_vec()), partial("entries"), partial("0")]);
    let paths: Vec<String> = files.keys().cloned().collect();
    let _ = verify(&files, &paths, None, Vec::new(), &mut |_, _| true);
});
