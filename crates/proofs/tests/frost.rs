//! Holders make a key, sign, refresh and repair; every false message is refused by its name.
use std::collections::BTreeMap;

use isthmus_proofs::frost::dkg::{self, Secret};
use isthmus_proofs::frost::refresh::{self, Holding, Rounds};
use isthmus_proofs::frost::rounds::{self, Packages, aggregate, commit, known, verify};
use isthmus_proofs::frost::{Refusal, Suite};

struct Key {
    shares: Packages,
    public: Vec<u8>,
}

fn others(all: &Packages, me: u16) -> Packages {
    all.iter().filter(|(number, _)| **number != me).map(|(number, bytes)| (*number, bytes.clone())).collect()
}

type Opened = (BTreeMap<u16, Secret>, Packages);

fn opened(suite: Suite, of: u16, threshold: u16) -> Opened {
    let (mut secrets, mut packages) = (BTreeMap::new(), BTreeMap::new());
    for me in 1..=of {
        let (secret, package) = dkg::part1(suite, me, of, threshold).expect("part 1");
        secrets.insert(me, secret);
        packages.insert(me, package);
    }
    (secrets, packages)
}

/// What each holder received in the second round, by receiver.
fn turned(sent: &BTreeMap<u16, Packages>, me: u16) -> Packages {
    sent.iter().filter_map(|(from, to)| Some((*from, to.get(&me)?.clone()))).collect()
}

fn made(suite: Suite, of: u16, threshold: u16) -> Key {
    let (mut secrets, packages) = opened(suite, of, threshold);
    let mut sent = BTreeMap::new();
    for me in 1..=of {
        let (secret, to) = dkg::part2(secrets.get_mut(&me).expect("mine"), &others(&packages, me)).expect("part 2");
        secrets.insert(me, secret);
        sent.insert(me, to);
    }
    let (mut shares, mut public) = (BTreeMap::new(), Vec::new());
    for me in 1..=of {
        let secret = secrets.get_mut(&me).expect("mine");
        let (share, key) = dkg::part3(secret, &others(&packages, me), &turned(&sent, me)).expect("part 3");
        shares.insert(me, share);
        public = key;
    }
    Key { shares, public }
}

fn refreshed(suite: Suite, key: &Key, threshold: u16) -> Key {
    let of = u16::try_from(key.shares.len()).expect("few");
    let (mut secrets, mut packages, mut sent) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for me in 1..=of {
        let (secret, package) = refresh::part1(suite, me, of, threshold).expect("part 1");
        secrets.insert(me, secret);
        packages.insert(me, package);
    }
    for me in 1..=of {
        let (secret, to) = refresh::part2(secrets.get_mut(&me).expect("mine"), &others(&packages, me)).expect("part 2");
        secrets.insert(me, secret);
        sent.insert(me, to);
    }
    let (mut shares, mut public) = (BTreeMap::new(), Vec::new());
    for me in 1..=of {
        let (first, second) = (others(&packages, me), turned(&sent, me));
        let old = Holding { share: &key.shares[&me], public: &key.public };
        let secret = secrets.get_mut(&me).expect("mine");
        let (share, known) = refresh::part3(secret, &Rounds { first: &first, second: &second }, &old).expect("part 3");
        shares.insert(me, share);
        public = known;
    }
    Key { shares, public }
}

/// The signature of these signers, each signing a message that `told` gives it.
fn signed(key: &Key, signers: &[u16], told: impl Fn(u16) -> Vec<u8>) -> Result<Vec<u8>, Refusal> {
    let (mut nonces, mut commitments, mut shares) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for me in signers {
        let (secret, public) = commit(&key.shares[me])?;
        nonces.insert(*me, secret);
        commitments.insert(*me, public);
    }
    for me in signers {
        let nonces = nonces.get_mut(me).expect("mine");
        shares.insert(*me, rounds::sign(&key.shares[me], nonces, &told(*me), &commitments)?);
    }
    aggregate(&key.public, b"pay 1 XAU", &commitments, &shares)
}

fn agreed(_: u16) -> Vec<u8> {
    b"pay 1 XAU".to_vec()
}

fn checked(suite: Suite, key: &Key, signers: &[u16]) {
    let signature = signed(key, signers, agreed).expect("a signature");
    let public = known(&key.public).expect("a key").key;
    assert_eq!(verify(suite, &public, b"pay 1 XAU", &signature), Ok(true), "{}", suite.name());
    assert_eq!(verify(suite, &public, b"pay 2 XAU", &signature), Ok(false), "{}", suite.name());
}

#[test]
fn any_threshold_of_holders_signs_before_and_after_a_refresh_and_the_key_stays() {
    for (suite, _) in Suite::ALL {
        let key = made(suite, 4, 3);
        checked(suite, &key, &[1, 2, 4]);
        let new = refreshed(suite, &key, 3);
        assert_eq!(known(&key.public).expect("a key").key, known(&new.public).expect("a key").key);
        checked(suite, &new, &[2, 3, 4]);
        let mixed = Key {
            shares: [(1, key.shares[&1].clone()), (2, new.shares[&2].clone()), (3, new.shares[&3].clone())].into(),
            public: new.public.clone(),
        };
        let refusal = signed(&mixed, &[1, 2, 3], agreed).expect_err("an old share among new ones");
        assert_eq!((refusal.name, refusal.holders), ("forged_signature_share", vec![1]));
    }
}

#[test]
fn a_lost_share_is_made_again_by_a_threshold_and_a_false_repair_is_refused() {
    for (suite, _) in Suite::ALL {
        let key = made(suite, 4, 3);
        let repairers = [1, 2, 4];
        let sent: BTreeMap<u16, Packages> = repairers
            .iter()
            .map(|me| (*me, refresh::repair1(&key.shares[me], &repairers, 3).expect("deltas")))
            .collect();
        let sums: Vec<Vec<u8>> = repairers
            .iter()
            .map(|me| refresh::repair2(&turned(&sent, *me).into_values().collect::<Vec<_>>()).expect("a sum"))
            .collect();
        assert_eq!(refresh::repair3(&sums, 3, &key.public).expect("the share"), key.shares[&3]);
        assert_eq!(refresh::repair3(&sums[1..], 3, &key.public).expect_err("one short").name, "forged_share");
        assert_eq!(refresh::repair3(&sums, 9, &key.public).expect_err("no holder").name, "unknown_identifier");
        assert_eq!(refresh::repair1(&key.shares[&1], &[1, 2], 3).expect_err("too few").name, "too_few_signers");
    }
}

#[test]
fn the_one_who_signs_another_message_is_named() {
    for (suite, _) in Suite::ALL {
        let key = made(suite, 3, 2);
        let told = |me: u16| if me == 3 { b"pay 100 XAU".to_vec() } else { agreed(me) };
        let refusal = signed(&key, &[1, 3], told).expect_err("a false share");
        assert_eq!((refusal.name, refusal.holders), ("forged_signature_share", vec![3]));
    }
}

#[test]
fn nonces_sign_once() {
    let key = made(Suite::Ed25519, 3, 2);
    let (mut first, one) = commit(&key.shares[&1]).expect("nonces");
    let (_, two) = commit(&key.shares[&2]).expect("nonces");
    let commitments: Packages = [(1, one), (2, two)].into();
    rounds::sign(&key.shares[&1], &mut first, b"a", &commitments).expect("a share");
    assert!(first.used());
    let refusal = rounds::sign(&key.shares[&1], &mut first, b"b", &commitments).expect_err("used");
    assert_eq!(refusal.name, "nonces_reused");
}

#[test]
fn too_few_signers_cannot_sign() {
    let key = made(Suite::Secp256k1Taproot, 4, 3);
    assert_eq!(signed(&key, &[1, 2], agreed).expect_err("two of three").name, "too_few_signers");
}

#[test]
fn shares_of_another_suite_or_another_kind_are_refused_by_name() {
    let (ed25519, secp256k1) = (made(Suite::Ed25519, 3, 2), made(Suite::Secp256k1, 3, 2));
    let (mut nonces, one) = commit(&ed25519.shares[&1]).expect("nonces");
    let (_, two) = commit(&secp256k1.shares[&2]).expect("nonces");
    let refusal =
        rounds::sign(&ed25519.shares[&1], &mut nonces, b"a", &[(1, one), (2, two)].into()).expect_err("mixed");
    assert_eq!((refusal.name, refusal.holders), ("wrong_suite", vec![2]));
    assert_eq!(commit(&ed25519.public).err().expect("no share").name, "wrong_package");
}

#[test]
fn a_forged_proof_a_forged_share_and_a_swapped_share_are_refused_by_the_one_who_gets_them() {
    for (suite, _) in Suite::ALL {
        let (mut secrets, mut packages) = opened(suite, 3, 2);
        let (_, foreign) = opened(suite, 3, 2);
        let mut sent = BTreeMap::new();
        for me in 1..=3 {
            let (secret, to) = dkg::part2(secrets.get_mut(&me).expect("mine"), &others(&packages, me)).expect("part 2");
            secrets.insert(me, secret);
            sent.insert(me, to);
        }
        let mut swapped = turned(&sent, 1);
        swapped.insert(2, sent[&2][&3].clone());
        let refusal =
            dkg::part3(secrets.get_mut(&1).expect("mine"), &others(&packages, 1), &swapped).expect_err("3's share");
        assert_eq!((refusal.name, refusal.holders), ("forged_share", vec![2]));
        packages.insert(3, foreign[&1].clone());
        let (mut again, _) = opened(suite, 3, 2);
        let refusal = dkg::part2(again.get_mut(&1).expect("mine"), &others(&packages, 1)).err().expect("a proof of 1");
        assert_eq!((refusal.name, refusal.holders), ("forged_proof", vec![3]));
    }
}

#[test]
fn a_changed_byte_or_a_cut_anywhere_never_makes_a_decoder_panic() {
    for (suite, _) in Suite::ALL {
        let key = made(suite, 3, 2);
        let (_, commitments) = commit(&key.shares[&1]).expect("nonces");
        let (mut secrets, packages) = opened(suite, 3, 2);
        let (_, sent) = dkg::part2(secrets.get_mut(&1).expect("mine"), &others(&packages, 1)).expect("part 2");
        for bytes in [&key.shares[&1], &key.public, &commitments, &packages[&1], &sent[&2]] {
            for place in 0..bytes.len() {
                for change in [0x01, 0x80, 0xff] {
                    let mut changed = bytes.clone();
                    changed[place] ^= change;
                    read(suite, &changed);
                }
                read(suite, &bytes[..place]);
            }
        }
    }
}

/// Everything that decodes bytes of others.
fn read(suite: Suite, bytes: &[u8]) {
    let one: Packages = [(2, bytes.to_vec())].into();
    if let Ok((mut nonces, commitments)) = commit(bytes) {
        let _ = rounds::sign(bytes, &mut nonces, b"m", &[(1, commitments.clone()), (2, commitments)].into());
    }
    let _ = known(bytes);
    let _ = aggregate(bytes, b"m", &one, &one);
    let _ = refresh::repair1(bytes, &[1, 2], 3);
    let _ = refresh::repair2(&[bytes.to_vec()]);
    let _ = refresh::repair3(&[bytes.to_vec()], 1, bytes);
    let _ = verify(suite, bytes, b"m", bytes);
    let (mut secret, _) = dkg::part1(suite, 1, 2, 2).expect("part 1");
    let _ = dkg::part2(&mut secret, &one);
}
