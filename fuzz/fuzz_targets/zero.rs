//! No bytes make a decoder of commitments, openings, range proofs or sum trees panic.
#![no_main]
use isthmus_proofs::zero::range::{About, Hidden, Stated};
use isthmus_proofs::zero::{Context, batch, opening, pedersen, range, tree, vector};
use libfuzzer_sys::fuzz_target;
use zeroize::Zeroizing;

fuzz_target!(|bytes: &[u8]| {
    let root = [1; 32];
    let (head, rest) = bytes.split_at(bytes.len().min(32));
    let context = Context { claim: "fuzz", root: &root, day: "2026-01-05", position: head };
    let _ = pedersen::check_generators(bytes);
    let _ = pedersen::combine(bytes, &[]);
    let _ = pedersen::combine_blindings(bytes, &[3]);
    let _ = pedersen::commit(&[1], head);
    if let Ok(one) = <[u8; 32]>::try_from(head) {
        let _ = opening::verify(&context, &one, 5, rest);
        let _ = opening::prove(&context, &one, 5, rest);
        let _ = tree::verify(tree::Seat { place: 1, of: 3 }, (&one, &root), rest, rest);
    }
    let _ = tree::root(bytes, bytes);
    let _ = tree::ways(rest, rest, &[0, 7]);
    for bits in [0, 8, 64] {
        let about = About { claim: "fuzz", root: &root, day: "2026-01-05", bits };
        let hidden =
            Hidden { position: vec![], amounts: Zeroizing::new(vec![9]), blindings: Zeroizing::new(head.to_vec()) };
        if bits == 8 && rest.is_empty() {
            let _ = range::prove(&about, &hidden); // takes milliseconds, and of all bytes the blinding alone
        }
        let stated = Stated { position: vec![], commitments: head.to_vec(), proof: rest.to_vec() };
        let _ = range::verify(&about, &stated);
        let _ = batch::verify_all(&about, &[stated]);
        let _ = vector::verify(b"fuzz", head, rest, bits);
    }
});
