//! A Merkle tree whose nodes carry the commitment of the sum below (Chalkias et al. 2020, DAPOL, 3; Dagher et al. 2015 for the list).
//!
//! Leaf hash = SHA-256(0x02 | C | id), node hash = SHA-256(0x03 | hash, C of the left | hash, C of the right), node C = sum of both. A node
//! without a neighbour goes up as it is.
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use sha2::{Digest, Sha256};

use super::pedersen::{Bytes, WIDTH, pieces, points};
use super::{Fault, Refusal};

/// Hash and commitment of a node, 64 bytes.
pub const NODE_BYTES: usize = 2 * WIDTH;

#[derive(Clone, Copy)]
struct Node {
    hash: Bytes,
    encoded: Bytes,
    sum: RistrettoPoint,
}

impl Node {
    fn leaf(encoded: Bytes, sum: RistrettoPoint, id: &Bytes) -> Node {
        let hash = Sha256::new().chain_update([2]).chain_update(encoded).chain_update(id).finalize().into();
        Node { hash, encoded, sum }
    }

    fn over(left: &Node, right: &Node) -> Node {
        let sum = left.sum + right.sum;
        let mut hasher = Sha256::new().chain_update([3]);
        for node in [left, right] {
            hasher = hasher.chain_update(node.hash).chain_update(node.encoded);
        }
        Node { hash: hasher.finalize().into(), encoded: sum.compress().to_bytes(), sum }
    }

    fn bytes(&self) -> [u8; NODE_BYTES] {
        let mut bytes = [0; NODE_BYTES];
        bytes[..WIDTH].copy_from_slice(&self.hash);
        bytes[WIDTH..].copy_from_slice(&self.encoded);
        bytes
    }
}

fn leaves(commitments: &[u8], ids: &[u8]) -> Result<Vec<Node>, Refusal> {
    let (sums, encoded, ids) = (points(commitments)?, pieces(commitments)?, pieces(ids)?);
    if ids.len() != sums.len() || ids.is_empty() {
        return Err(Fault::Malformed.at(ids.len().min(sums.len())));
    }
    Ok(sums.into_iter().zip(encoded).zip(ids).map(|((sum, encoded), id)| Node::leaf(*encoded, sum, id)).collect())
}

fn above(level: &[Node]) -> Vec<Node> {
    level.chunks(2).map(|pair| if let [left, right] = pair { Node::over(left, right) } else { pair[0] }).collect()
}

/// The root of these leaves: hash, then commitment of the sum.
pub fn root(commitments: &[u8], ids: &[u8]) -> Result<[u8; NODE_BYTES], Refusal> {
    let mut level = leaves(commitments, ids)?;
    while level.len() > 1 {
        level = above(&level);
    }
    Ok(level[0].bytes())
}

/// The ways of these leaves to the root: neighbours from the leaf up, 64 bytes each.
pub fn ways(commitments: &[u8], ids: &[u8], places: &[usize]) -> Result<Vec<Vec<u8>>, Refusal> {
    let mut level = leaves(commitments, ids)?;
    if let Some(beyond) = places.iter().position(|place| *place >= level.len()) {
        return Err(Fault::NotInTree.at(beyond));
    }
    let mut ways = vec![Vec::new(); places.len()];
    let mut depth = 0;
    while level.len() > 1 {
        for (way, place) in ways.iter_mut().zip(places) {
            if let Some(node) = level.get((place >> depth) ^ 1) {
                way.extend(node.bytes());
            }
        }
        level = above(&level);
        depth += 1;
    }
    Ok(ways)
}

/// Where a leaf is said to be: its place among so many.
#[derive(Debug, Clone, Copy)]
pub struct Seat {
    pub place: u64,
    pub of: u64,
}

/// That the leaf is in the tree with this root.
pub fn verify(seat: Seat, leaf: (&Bytes, &Bytes), way: &[u8], root: &[u8]) -> Result<(), Refusal> {
    let (commitment, id) = leaf;
    if seat.place >= seat.of {
        return Err(Fault::NotInTree.at(0));
    }
    let mut node = Node::leaf(*commitment, points(commitment)?[0], id);
    let (mut place, mut last, mut rest) = (seat.place, seat.of - 1, way);
    while last > 0 {
        if place ^ 1 <= last {
            let beside = rest.get(..NODE_BYTES).ok_or(Fault::Malformed.at(0))?;
            rest = &rest[NODE_BYTES..];
            let beside = read(beside)?;
            node = if place & 1 == 0 { Node::over(&node, &beside) } else { Node::over(&beside, &node) };
        }
        (place, last) = (place >> 1, last >> 1);
    }
    if rest.is_empty() && node.bytes() == root { Ok(()) } else { Err(Fault::NotInTree.at(0)) }
}

fn read(bytes: &[u8]) -> Result<Node, Refusal> {
    let (mut hash, mut encoded) = ([0; WIDTH], [0; WIDTH]);
    hash.copy_from_slice(&bytes[..WIDTH]);
    encoded.copy_from_slice(&bytes[WIDTH..NODE_BYTES]);
    let sum = CompressedRistretto(encoded).decompress().ok_or(Fault::PointNotCanonical.at(0))?;
    Ok(Node { hash, encoded, sum })
}
