//! No bytes make a decoder of threshold keys' packages panic, whatever suite and kind they claim.
#![no_main]
use isthmus_proofs::frost::rounds::{self, Packages};
use isthmus_proofs::frost::{Suite, dkg, refresh};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let one: Packages = [(2, bytes.to_vec())].into();
    if let Ok((mut nonces, commitments)) = rounds::commit(bytes) {
        let _ = rounds::sign(bytes, &mut nonces, b"m", &[(1, commitments.clone()), (2, commitments)].into());
    }
    let _ = rounds::known(bytes);
    let _ = rounds::aggregate(bytes, b"m", &one, &one);
    let _ = refresh::repair1(bytes, &[1, 2], 3);
    let _ = refresh::repair2(&[bytes.to_vec()]);
    let _ = refresh::repair3(&[bytes.to_vec()], 1, bytes);
    for (suite, _) in Suite::ALL {
        let _ = rounds::verify(suite, bytes, b"m", bytes);
    }
    let (mut secret, _) = dkg::part1(Suite::Ed25519, 1, 2, 2).expect("two of two");
    let _ = dkg::part2(&mut secret, &one);
});
