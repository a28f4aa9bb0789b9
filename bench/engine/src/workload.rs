//! The workload as the books take it: commands of a file of 16-byte records, owners added.
use std::io;
use std::path::Path;

/// Bytes of a record in the file: u8 type, u8 side, u16 zero, u32 quantity, i32 price, u32 id.
pub const RECORD: usize = 16;
pub const OWNERS: u32 = 1_024;

/// What a command asks; the numbers are those of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Limit = 0,
    Cancel = 1,
    Market = 2,
}

/// One command. `order` is its own id, of a cancel that of the order to cancel; `owner` is 2 x (id mod 512) + side.
#[derive(Debug, Clone, Copy)]
pub struct Instruction {
    pub kind: Kind,
    pub buys: bool,
    pub owner: u32,
    pub order: u32,
    pub price: i32,
    pub quantity: u32,
}

/// A trade as the published hash counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    pub maker: u32,
    pub taker: u32,
    pub price: i32,
    pub quantity: u32,
}

/// Reads a workload that `isthmus bench engine` has checked and laid out.
pub fn read(path: &Path) -> io::Result<Vec<Instruction>> {
    let raw = std::fs::read(path)?;
    let mut sells: Vec<bool> = Vec::new();
    raw.chunks_exact(RECORD).map(|record| instruction(record, &mut sells)).collect()
}

fn instruction(record: &[u8], sells: &mut Vec<bool>) -> io::Result<Instruction> {
    let word = |at: usize| u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
    let order = word(12);
    let kind = match record[0] {
        0 => Kind::Limit,
        1 => Kind::Cancel,
        2 => Kind::Market,
        other => return Err(io::Error::new(io::ErrorKind::InvalidData, format!("type: there is no {other}"))),
    };
    if sells.len() <= order as usize {
        sells.resize(order as usize + 1, false);
    }
    if kind != Kind::Cancel {
        sells[order as usize] = record[1] == 1;
    }
    let sell = sells[order as usize];
    Ok(Instruction {
        kind,
        buys: !sell,
        owner: 2 * (order % (OWNERS / 2)) + u32::from(sell),
        order,
        price: word(8) as i32,
        quantity: word(4),
    })
}

/// FNV-1a over the four numbers of every trade, from the offset that the published workload's hash starts with.
pub fn trade_hash(trades: &[Trade]) -> u64 {
    const OFFSET: u64 = 1_469_598_103_934_665_603;
    const PRIME: u64 = 0x100_0000_01b3;
    let words = trades.iter().flat_map(|t| [t.maker, t.taker, t.price as u32, t.quantity]);
    words.flat_map(u32::to_le_bytes).fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}
