//! Reads golden sessions.
use std::collections::HashMap;

use isthmus_core::Command;

/// Commands between two heads.
pub const EVERY: usize = 16;
const WORD: usize = 8;

/// Commands with their moments, the heads after every so many of them, and the digest of the answers at the end.
#[allow(dead_code)] // the fuzz targets take the commands only
pub struct Session {
    pub commands: Vec<(Command, u64)>,
    pub heads: Vec<u8>,
    pub answers: Vec<u8>,
}

type Last = HashMap<u8, Vec<u8>>;

/// All sessions of a file.
pub fn sessions(mut bytes: &[u8]) -> Vec<Session> {
    let (mut last, mut found) = (Last::new(), Vec::new());
    while !bytes.is_empty() {
        let count = u32::from_le_bytes(take(&mut bytes, 4).try_into().unwrap()) as usize;
        let size = u32::from_le_bytes(take(&mut bytes, 4).try_into().unwrap()) as usize;
        let commands = commands(take(&mut bytes, size), &mut last);
        assert_eq!(commands.len(), count);
        let heads = take(&mut bytes, count.div_ceil(EVERY) * WORD).to_vec();
        found.push(Session { commands, heads, answers: take(&mut bytes, WORD).to_vec() });
    }
    found
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (head, rest) = bytes.split_at(count);
    *bytes = rest;
    head
}

fn commands(mut packed: &[u8], last: &mut Last) -> Vec<(Command, u64)> {
    let (mut found, mut moment) = (Vec::new(), 0i128);
    while !packed.is_empty() {
        let head = take(&mut packed, 2);
        let (kind, length) = (head[0], head[1] as usize);
        moment += passed(&mut packed);
        let fields = last.entry(kind).or_insert_with(|| vec![0; length]);
        change(fields, &mut packed);
        let mut whole = vec![kind, 0, head[1], 0];
        whole.extend_from_slice(fields);
        let (command, size) = Command::decode(&whole).unwrap();
        assert_eq!(size, whole.len());
        found.push((command, moment as u64));
    }
    found
}

fn passed(packed: &mut &[u8]) -> i128 {
    let (mut value, mut shift) = (0u128, 0);
    loop {
        let byte = take(packed, 1)[0];
        value |= u128::from(byte & 127) << shift;
        shift += 7;
        if byte < 128 {
            return (value >> 1) as i128 ^ -((value & 1) as i128);
        }
    }
}

fn change(fields: &mut [u8], packed: &mut &[u8]) {
    let mut at = 0;
    while at < fields.len() {
        let run = take(packed, 1)[0] as usize;
        if run < 128 {
            at += run + 1;
        } else {
            let changed = take(packed, run - 127);
            fields[at..at + changed.len()].iter_mut().zip(changed).for_each(|(field, byte)| *field ^= byte);
            at += changed.len();
        }
    }
}
