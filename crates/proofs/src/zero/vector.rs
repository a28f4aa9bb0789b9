//! Range proofs that others wrote, over transcripts that begin with a label and nothing else.
use std::collections::BTreeSet;
use std::sync::Mutex;

use merlin::Transcript;

use super::range::verify_over;
use super::{Fault, Refusal};

const LABEL_BYTES_MAX: usize = 256;
const LABELS_MAX: usize = 64;
/// merlin takes labels that live as long as the program does: each is kept once, and only so many.
static LABELS: Mutex<BTreeSet<&'static [u8]>> = Mutex::new(BTreeSet::new());

fn kept(label: &[u8]) -> Result<&'static [u8], Refusal> {
    let mut labels = LABELS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(found) = labels.get(label) {
        return Ok(found);
    }
    if label.len() > LABEL_BYTES_MAX || labels.len() >= LABELS_MAX {
        return Err(Fault::NotOffered.at(0));
    }
    let found: &'static [u8] = Box::leak(label.to_vec().into_boxed_slice());
    labels.insert(found);
    Ok(found)
}

pub fn verify(label: &[u8], commitments: &[u8], proof: &[u8], bits: usize) -> Result<(), Refusal> {
    verify_over(&mut Transcript::new(kept(label)?), commitments, proof, bits)
}
