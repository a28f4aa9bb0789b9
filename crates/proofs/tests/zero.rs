//! Commitments that add up, openings, ranges and trees: what holds verifies, and any changed byte is refused by name.
use isthmus_proofs::zero::range::{About, Hidden, Stated};
use isthmus_proofs::zero::{Context, Fault, batch, opening, pedersen, range, tree, vector};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

const ROOT: [u8; 32] = [7; 32];
const ABOUT: About<'_> = About { claim: "limits", root: &ROOT, day: "2026-01-05", bits: 64 };

fn context(position: &[u8]) -> Context<'_> {
    Context { claim: "sums", root: &ROOT, day: "2026-01-05", position }
}

fn stated(position: &[u8], amounts: &[u64], bits: usize) -> Stated {
    let blindings = pedersen::blindings(amounts.len());
    let signed: Vec<i128> = amounts.iter().map(|amount| i128::from(*amount)).collect();
    let commitments = pedersen::commit(&signed, &blindings).unwrap();
    let hidden = Hidden { position: position.to_vec(), amounts: Zeroizing::new(amounts.to_vec()), blindings };
    let proof = range::prove(&About { bits, ..ABOUT }, &hidden).unwrap();
    Stated { position: position.to_vec(), commitments, proof }
}

#[test]
fn commitments_of_amounts_that_conserve_open_to_nothing_and_no_others_do() {
    let blindings = pedersen::blindings(3);
    for (amounts, holds) in [([5i128, -7, 2], true), ([5, -7, 3], false)] {
        let commitments = pedersen::commit(&amounts, &blindings).unwrap();
        let sum = pedersen::combine(&commitments, &[]).unwrap();
        let blinding = pedersen::combine_blindings(&blindings, &[]).unwrap();
        let proof = opening::prove(&context(b"EUR"), &sum, 0, &blinding).unwrap();
        assert_eq!(opening::verify(&context(b"EUR"), &sum, 0, &proof).is_ok(), holds);
        assert!(opening::verify(&context(b"USD"), &sum, 0, &proof).is_err());
        assert!(opening::verify(&context(b"EUR"), &sum, 1, &proof).is_err());
    }
}

#[test]
fn a_weighted_sum_is_the_commitment_of_the_weighted_sum() {
    let (blindings, weights) = (pedersen::blindings(3), [1, 1 << 64, 1 << 96]);
    let commitments = pedersen::commit(&[9, 4, 1], &blindings).unwrap();
    let whole =
        pedersen::commit(&[9 + (4 << 64) + (1 << 96)], &pedersen::combine_blindings(&blindings, &weights).unwrap());
    assert_eq!(pedersen::combine(&commitments, &weights).unwrap().to_vec(), whole.unwrap());
}

#[test]
fn an_amount_that_is_a_changed_one_does_not_open() {
    let blindings = pedersen::blindings(1);
    let commitment: [u8; 32] = pedersen::commit(&[-12], &blindings).unwrap().try_into().unwrap();
    let proof = opening::prove(&context(b"a"), &commitment, -12, &blindings).unwrap();
    opening::verify(&context(b"a"), &commitment, -12, &proof).unwrap();
    assert_eq!(opening::verify(&context(b"a"), &commitment, 12, &proof).unwrap_err().fault, Fault::OpeningFails);
    for place in 0..proof.len() {
        let mut changed = proof.clone();
        changed[place] ^= 1;
        assert!(opening::verify(&context(b"a"), &commitment, -12, &changed).is_err(), "byte {place}");
    }
}

#[test]
fn ranges_verify_one_by_one_and_together_for_every_width_and_number() {
    for bits in [8, 16, 32, 64] {
        let all: Vec<Stated> = [1, 2, 3, 16]
            .into_iter()
            .map(|count| stated(&[count as u8], &vec![u64::MAX >> (64 - bits); count], bits))
            .collect();
        let about = About { bits, ..ABOUT };
        all.iter().for_each(|one| range::verify(&about, one).unwrap());
        batch::verify_all(&about, &all).unwrap();
    }
}

#[test]
fn an_amount_beyond_the_bits_makes_no_proof() {
    let blindings = pedersen::blindings(1);
    let hidden = Hidden { position: vec![], amounts: Zeroizing::new(vec![256]), blindings };
    assert_eq!(range::prove(&About { bits: 8, ..ABOUT }, &hidden).unwrap_err().fault, Fault::OutOfRange);
}

#[test]
fn a_proof_of_another_log_day_claim_place_or_amount_is_refused_and_named() {
    let (first, second) = (stated(b"1", &[3, 4], 64), stated(b"2", &[5, 6], 64));
    let swapped = [
        Stated { commitments: second.commitments.clone(), ..first.clone() },
        Stated { position: b"2".to_vec(), ..first.clone() },
        Stated { commitments: [&first.commitments[32..], &first.commitments[..32]].concat(), ..first.clone() },
    ];
    for other in swapped {
        let refusal = batch::verify_all(&ABOUT, &[second.clone(), other.clone()]).unwrap_err();
        assert_eq!(refusal, Fault::RangeFails.at(1));
        assert_eq!(range::verify(&ABOUT, &other).unwrap_err().fault, Fault::RangeFails);
    }
    let abouts =
        [About { root: &[8; 32], ..ABOUT }, About { day: "2026-01-06", ..ABOUT }, About { claim: "solvency", ..ABOUT }];
    for about in abouts {
        assert_eq!(batch::verify_all(&about, std::slice::from_ref(&first)).unwrap_err(), Fault::RangeFails.at(0));
    }
}

#[test]
fn every_changed_or_missing_byte_of_a_range_proof_is_refused_the_same_way_by_both_verifications() {
    let whole = stated(b"x", &[77], 8);
    let about = About { bits: 8, ..ABOUT };
    for place in 0..whole.proof.len() {
        let mut changed = whole.clone();
        changed.proof[place] ^= 1 << (place % 8);
        let alone = range::verify(&about, &changed).unwrap_err();
        let together = batch::verify_all(&about, &[whole.clone(), changed.clone()]).unwrap_err();
        assert_eq!((alone.fault, 1), (together.fault, together.place), "byte {place}");
        changed.proof.truncate(place);
        assert_eq!(range::verify(&about, &changed).unwrap_err().fault, Fault::Malformed, "cut at {place}");
        assert!(batch::verify_all(&about, &[changed]).is_err());
    }
}

#[test]
fn other_generators_and_points_that_are_none_are_refused_by_name() {
    let mut stated = pedersen::generators();
    pedersen::check_generators(&stated).unwrap();
    stated[40] ^= 1;
    assert_eq!(pedersen::check_generators(&stated).unwrap_err().fault, Fault::WrongGenerator);
    assert_eq!(pedersen::check_generators(&stated[..32]).unwrap_err().fault, Fault::WrongGenerator);
    assert_eq!(pedersen::combine(&[0xff; 32], &[]).unwrap_err().fault, Fault::PointNotCanonical);
    assert_eq!(pedersen::combine(&[0; 31], &[]).unwrap_err().fault, Fault::Malformed);
    assert_eq!(pedersen::commit(&[1], &[0xff; 32]).unwrap_err().fault, Fault::ScalarNotCanonical);
    assert_eq!(pedersen::commit(&[1, 2], &[0; 32]).unwrap_err().fault, Fault::Malformed);
}

#[test]
fn each_leaf_of_a_tree_of_any_size_reaches_its_root_and_no_other_leaf_does() {
    for size in 1..=9usize {
        let amounts: Vec<i128> = (0..size as i128).collect();
        let blindings = pedersen::blindings(size);
        let commitments = pedersen::commit(&amounts, &blindings).unwrap();
        let ids: Vec<u8> = (0..size).flat_map(|place| [place as u8; 32]).collect();
        let root = tree::root(&commitments, &ids).unwrap();
        assert_eq!(root[32..], pedersen::combine(&commitments, &[]).unwrap());
        let ways = tree::ways(&commitments, &ids, &(0..size).collect::<Vec<_>>()).unwrap();
        for (place, way) in ways.iter().enumerate() {
            let leaf = |at: usize| {
                (commitments[at * 32..][..32].try_into().unwrap(), ids[at * 32..][..32].try_into().unwrap())
            };
            let seat = tree::Seat { place: place as u64, of: size as u64 };
            tree::verify(seat, leaf(place), way, &root).unwrap();
            if size > 1 {
                assert!(tree::verify(seat, leaf((place + 1) % size), way, &root).is_err());
                for byte in 0..way.len() {
                    let mut changed = way.clone();
                    changed[byte] ^= 1;
                    assert!(tree::verify(seat, leaf(place), &changed, &root).is_err());
                }
            }
            assert!(tree::verify(tree::Seat { of: place as u64, ..seat }, leaf(place), way, &root).is_err());
        }
    }
}

#[test]
fn commitments_made_on_several_threads_are_those_of_one() {
    for count in [0, 1, 2, 7] {
        let amounts: Vec<i128> = (0..count).map(|place| 3 - place).collect();
        let blindings = pedersen::blindings(amounts.len());
        let alone = pedersen::commit(&amounts, &blindings).unwrap();
        assert_eq!(pedersen::commit_all(&amounts, &blindings, 3).unwrap(), alone);
    }
    let mut blindings = pedersen::blindings(5);
    blindings[4 * 32..].fill(0xff);
    assert_eq!(pedersen::commit_all(&[1; 5], &blindings, 2).unwrap_err(), Fault::ScalarNotCanonical.at(4));
    assert_eq!(pedersen::commit_all(&[1; 4], &blindings, 2).unwrap_err().fault, Fault::Malformed);
}

/// As the fuzz target, with bytes of one seed; some begin with a point that is one.
#[test]
fn no_bytes_make_a_decoder_panic() {
    let mut chance = ChaCha20Rng::seed_from_u64(7);
    let point = pedersen::commit(&[1], &pedersen::blindings(1)).unwrap();
    for turn in 0..400usize {
        let mut bytes = vec![0; (turn * 37) % 1_100];
        chance.fill_bytes(&mut bytes);
        if turn % 2 == 0 && bytes.len() >= 32 {
            bytes[..32].copy_from_slice(&point);
        }
        let (head, rest) = bytes.split_at(bytes.len().min(32));
        let one: [u8; 32] = point.clone().try_into().unwrap();
        assert!(opening::verify(&context(head), &one, 5, rest).is_err());
        assert!(tree::verify(tree::Seat { place: 1, of: 3 }, (&one, &ROOT), rest, rest).is_err());
        assert!(pedersen::check_generators(&bytes).is_err());
        let _ = (tree::root(&bytes, &bytes), pedersen::combine(&bytes, &[]), pedersen::combine_blindings(&bytes, &[]));
        for bits in [0, 8, 64] {
            let stated = Stated { position: vec![], commitments: head.to_vec(), proof: rest.to_vec() };
            let about = About { bits, ..ABOUT };
            assert!(range::verify(&about, &stated).is_err());
            assert!(batch::verify_all(&about, &[stated]).is_err());
            assert!(vector::verify(b"label", head, rest, bits).is_err());
        }
    }
}

#[test]
fn labels_of_foreign_proofs_are_bounded() {
    let refused = vector::verify(&[1; 300], &[0; 32], &[0; 32], 8).unwrap_err();
    assert_eq!(refused.fault, Fault::NotOffered);
    assert_eq!(vector::verify(b"label", &[0; 32], &[0; 32], 8).unwrap_err().fault, Fault::Malformed);
}
