//! Many SHA-256 at once on one core (FIPS 180-4, section 6.2.2), by what the processor has.
//!
//! Sixteen messages, a word of each in one register of 512 bits (AVX-512): what the proofs' trees are hashed by. Two with
//! the processor's own rounds (SHA extensions): the second fills the time that the first waits for itself. Otherwise one
//! after the other. The only unsafe code of the house is in this file, two calls: what a processor has is only known when
//! it runs, and such a call is not one that the compiler can judge.
use crate::hash::{BEGINNING, Hash, bytes};
use sha2::compress256;
use sha2::digest::generic_array::GenericArray;

/// A message of so many blocks, its end bit and length included (FIPS 180-4, section 5.1.1).
pub type Padded<const BLOCKS: usize> = [[u8; 64]; BLOCKS];
type State = [u32; 8];

/// Messages that the wide way takes at once.
pub const LANES: usize = 16;
/// From so many on the wide way is the quicker one though some of its lanes are idle.
#[cfg(target_arch = "x86_64")]
const WIDE_FROM: usize = 10;

/// The digests of as many messages as `out` has room for.
#[inline]
pub fn digests<const BLOCKS: usize>(messages: &[Padded<BLOCKS>], out: &mut [Hash]) {
    assert_eq!(messages.len(), out.len(), "a digest a message");
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    {
        while out.len() - done >= WIDE_FROM && wide::is_here() {
            let next = out.len().min(done + LANES);
            wide::digests(&messages[done..next], &mut out[done..next]);
            done = next;
        }
        while out.len() - done >= 2 && pair::is_here() {
            let two = pair::digests([&messages[done], &messages[done + 1]]);
            out[done..done + 2].copy_from_slice(&two);
            done += 2;
        }
    }
    for (message, out) in messages[done..].iter().zip(&mut out[done..]) {
        *out = plain(message);
    }
}

#[inline]
fn plain<const BLOCKS: usize>(message: &Padded<BLOCKS>) -> Hash {
    let mut state = BEGINNING;
    message.iter().for_each(|block| compress256(&mut state, &[GenericArray::from(*block)]));
    bytes(&state)
}

#[cfg(target_arch = "x86_64")]
/// The constants of the rounds (FIPS 180-4, section 4.2.2).
const ROUNDS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
    0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
    0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
];

#[cfg(target_arch = "x86_64")]
mod pair {
    use super::{Padded, ROUNDS, State};
    use crate::hash::{BEGINNING, Hash, bytes};
    use std::arch::x86_64::{
        __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi32, _mm_set_epi32, _mm_sha256msg1_epu32,
        _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi32,
    };

    #[inline]
    pub fn is_here() -> bool {
        is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1") && is_x86_feature_detected!("ssse3")
    }

    #[inline]
    #[allow(unsafe_code)]
    pub fn digests<const BLOCKS: usize>(messages: [&Padded<BLOCKS>; 2]) -> [Hash; 2] {
        assert!(is_here(), "asked before");
        let mut states = [BEGINNING; 2];
        for (first, second) in messages[0].iter().zip(messages[1]) {
            // SAFETY: what the processor must have for it was asked for above.
            unsafe { absorb(&mut states, [first, second]) };
        }
        [bytes(&states[0]), bytes(&states[1])]
    }

    /// A block more of each. Written out, since what is generic in the library has not the processor's features, so is
    /// not put in line here.
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn absorb(states: &mut [State; 2], blocks: [&[u8; 64]; 2]) {
        let [first, second] = [halves(&states[0]), halves(&states[1])];
        let ([mut a, mut b], mut at) = ([first, second], 0);
        let [mut a0, mut a1, mut a2, mut a3] = words(blocks[0]);
        let [mut b0, mut b1, mut b2, mut b3] = words(blocks[1]);
        while at < 48 {
            let k = constants(at);
            (a, b) = (four(a, a0, k), four(b, b0, k));
            (a0, b0) = (following(a0, a1, a2, a3), following(b0, b1, b2, b3));
            let k = constants(at + 4);
            (a, b) = (four(a, a1, k), four(b, b1, k));
            (a1, b1) = (following(a1, a2, a3, a0), following(b1, b2, b3, b0));
            let k = constants(at + 8);
            (a, b) = (four(a, a2, k), four(b, b2, k));
            (a2, b2) = (following(a2, a3, a0, a1), following(b2, b3, b0, b1));
            let k = constants(at + 12);
            (a, b) = (four(a, a3, k), four(b, b3, k));
            (a3, b3) = (following(a3, a0, a1, a2), following(b3, b0, b1, b2));
            at += 16;
        }
        let k = constants(48);
        (a, b) = (four(a, a0, k), four(b, b0, k));
        let k = constants(52);
        (a, b) = (four(a, a1, k), four(b, b1, k));
        let k = constants(56);
        (a, b) = (four(a, a2, k), four(b, b2, k));
        let k = constants(60);
        (a, b) = (four(a, a3, k), four(b, b3, k));
        states[0] = whole(_mm_add_epi32(first.0, a.0), _mm_add_epi32(first.1, a.1));
        states[1] = whole(_mm_add_epi32(second.0, b.0), _mm_add_epi32(second.1, b.1));
    }

    /// The words a, b, e, f and c, d, g, h, as the processor's rounds take them.
    type Halves = (__m128i, __m128i);

    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn halves(state: &State) -> Halves {
        let [a, b, c, d, e, f, g, h] = *state;
        (vector(f, e, b, a), vector(h, g, d, c))
    }

    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn whole(abef: __m128i, cdgh: __m128i) -> State {
        let (a, b) = (_mm_extract_epi32::<3>(abef) as u32, _mm_extract_epi32::<2>(abef) as u32);
        let (e, f) = (_mm_extract_epi32::<1>(abef) as u32, _mm_extract_epi32::<0>(abef) as u32);
        let (c, d) = (_mm_extract_epi32::<3>(cdgh) as u32, _mm_extract_epi32::<2>(cdgh) as u32);
        let (g, h) = (_mm_extract_epi32::<1>(cdgh) as u32, _mm_extract_epi32::<0>(cdgh) as u32);
        [a, b, c, d, e, f, g, h]
    }

    /// Four words, the lowest first.
    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn vector(first: u32, second: u32, third: u32, fourth: u32) -> __m128i {
        _mm_set_epi32(fourth as i32, third as i32, second as i32, first as i32)
    }

    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn words(block: &[u8; 64]) -> [__m128i; 4] {
        [sixteen(block, 0), sixteen(block, 16), sixteen(block, 32), sixteen(block, 48)]
    }

    /// Sixteen bytes as four words, the highest byte first.
    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn sixteen(block: &[u8; 64], from: usize) -> __m128i {
        vector(word(block, from), word(block, from + 4), word(block, from + 8), word(block, from + 12))
    }

    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn word(block: &[u8; 64], at: usize) -> u32 {
        u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
    }

    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn constants(at: usize) -> __m128i {
        vector(ROUNDS[at], ROUNDS[at + 1], ROUNDS[at + 2], ROUNDS[at + 3])
    }

    /// Four rounds.
    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn four(lane: Halves, words: __m128i, constants: __m128i) -> Halves {
        let added = _mm_add_epi32(words, constants);
        let cdgh = _mm_sha256rnds2_epu32(lane.1, lane.0, added);
        (_mm_sha256rnds2_epu32(lane.0, cdgh, _mm_shuffle_epi32::<0x0e>(added)), cdgh)
    }

    /// The four words that follow on sixteen, given by fours, the oldest first.
    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn following(oldest: __m128i, second: __m128i, third: __m128i, newest: __m128i) -> __m128i {
        let seven = _mm_alignr_epi8::<4>(newest, third);
        _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(oldest, second), seven), newest)
    }
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use super::{LANES, Padded, ROUNDS};
    use crate::hash::{BEGINNING, Hash};
    use std::arch::x86_64::{
        __m128i, __m512i, _mm_extract_epi32, _mm512_add_epi32, _mm512_extracti32x4_epi32, _mm512_ror_epi32,
        _mm512_set_epi32, _mm512_set1_epi32, _mm512_shuffle_i32x4, _mm512_srli_epi32, _mm512_ternarylogic_epi32,
        _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
    };

    /// Rounds written out, so that places of words are known to the compiler and words stay in registers.
    macro_rules! sixteen {
        ($now:ident, $words:ident, $round:ident, $($at:literal),*) => {
            $(
                $now = one($now, $words[$at], ROUNDS[$round + $at]);
                $words[$at] = following(&$words, $at);
            )*
        };
    }

    /// A word of every message.
    type Row = [u32; LANES];
    /// x ^ y ^ z, `x ? y : z` and the majority, as the processor's table of three inputs.
    const XOR: i32 = 0x96;
    const CHOICE: i32 = 0xca;
    const MAJORITY: i32 = 0xe8;
    /// The first and third quarters of two registers, and the second and fourth.
    const EVEN: i32 = 0x88;
    const ODD: i32 = 0xdd;

    #[inline]
    pub fn is_here() -> bool {
        is_x86_feature_detected!("avx512f")
    }

    #[allow(unsafe_code)]
    pub fn digests<const BLOCKS: usize>(messages: &[Padded<BLOCKS>], out: &mut [Hash]) {
        assert!(is_here() && (1..=LANES).contains(&messages.len()) && messages.len() == out.len(), "asked before");
        let mut state = BEGINNING.map(|word| [word; LANES]);
        let mut blocks = [&messages[0][0]; LANES];
        for block in 0..BLOCKS {
            for (place, message) in blocks.iter_mut().zip(messages) {
                *place = &message[block];
            }
            // SAFETY: what the processor must have for it was asked for above.
            unsafe { absorb(&mut state, &blocks) };
        }
        for (lane, out) in out.iter_mut().enumerate() {
            for (place, row) in out.as_chunks_mut::<4>().0.iter_mut().zip(&state) {
                *place = row[lane].to_be_bytes();
            }
        }
    }

    /// A block more of each. Written out, since what is generic in the library has not the processor's features, so is
    /// not put in line here.
    #[target_feature(enable = "avx512f")]
    fn absorb(state: &mut [Row; 8], blocks: &[&[u8; 64]; LANES]) {
        let mut words = turned(blocks);
        let mut now = [_mm512_set1_epi32(0); 8];
        let mut at = 0;
        while at < 8 {
            now[at] = vector(&state[at]);
            at += 1;
        }
        let begun = now;
        let mut round = 0;
        while round < 64 {
            sixteen!(now, words, round, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            round += 16;
        }
        at = 0;
        while at < 8 {
            state[at] = row(_mm512_add_epi32(begun[at], now[at]));
            at += 1;
        }
    }

    /// From the blocks of sixteen messages to their first words, their second words and so on.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn turned(blocks: &[&[u8; 64]; LANES]) -> [__m512i; 16] {
        let (mut now, mut next) = ([_mm512_set1_epi32(0); 16], [_mm512_set1_epi32(0); 16]);
        let mut at = 0;
        while at < 16 {
            now[at] = block(blocks[at]);
            at += 1;
        }
        at = 0;
        while at < 16 {
            next[at] = _mm512_unpacklo_epi32(now[at], now[at + 1]);
            next[at + 1] = _mm512_unpackhi_epi32(now[at], now[at + 1]);
            at += 2;
        }
        at = 0;
        while at < 16 {
            now[at] = _mm512_unpacklo_epi64(next[at], next[at + 2]);
            now[at + 1] = _mm512_unpackhi_epi64(next[at], next[at + 2]);
            now[at + 2] = _mm512_unpacklo_epi64(next[at + 1], next[at + 3]);
            now[at + 3] = _mm512_unpackhi_epi64(next[at + 1], next[at + 3]);
            at += 4;
        }
        // Now a quarter of a register has a word of four messages.
        at = 0;
        while at < 4 {
            next[at] = _mm512_shuffle_i32x4::<EVEN>(now[at], now[at + 4]);
            next[at + 4] = _mm512_shuffle_i32x4::<ODD>(now[at], now[at + 4]);
            next[at + 8] = _mm512_shuffle_i32x4::<EVEN>(now[at + 8], now[at + 12]);
            next[at + 12] = _mm512_shuffle_i32x4::<ODD>(now[at + 8], now[at + 12]);
            at += 1;
        }
        at = 0;
        while at < 8 {
            now[at] = _mm512_shuffle_i32x4::<EVEN>(next[at], next[at + 8]);
            now[at + 8] = _mm512_shuffle_i32x4::<ODD>(next[at], next[at + 8]);
            at += 1;
        }
        now
    }

    /// The words of a block, the highest byte of each first.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn block(bytes: &[u8; 64]) -> __m512i {
        let mut words = [0; LANES];
        let mut at = 0;
        while at < LANES {
            words[at] = u32::from_le_bytes([bytes[4 * at], bytes[4 * at + 1], bytes[4 * at + 2], bytes[4 * at + 3]]);
            at += 1;
        }
        let words = vector(&words);
        let (right, left) = (_mm512_ror_epi32::<8>(words), _mm512_ror_epi32::<24>(words));
        _mm512_ternarylogic_epi32::<CHOICE>(_mm512_set1_epi32(0xff00_ff00_u32 as i32), right, left)
    }

    /// One round of every message.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn one(state: [__m512i; 8], word: __m512i, constant: u32) -> [__m512i; 8] {
        let [a, b, c, d, e, f, g, h] = state;
        let added = _mm512_add_epi32(word, _mm512_set1_epi32(constant as i32));
        let turned = xor(_mm512_ror_epi32::<6>(e), _mm512_ror_epi32::<11>(e), _mm512_ror_epi32::<25>(e));
        let chosen = _mm512_ternarylogic_epi32::<CHOICE>(e, f, g);
        let first = _mm512_add_epi32(_mm512_add_epi32(h, added), _mm512_add_epi32(turned, chosen));
        let turned = xor(_mm512_ror_epi32::<2>(a), _mm512_ror_epi32::<13>(a), _mm512_ror_epi32::<22>(a));
        let second = _mm512_add_epi32(turned, _mm512_ternarylogic_epi32::<MAJORITY>(a, b, c));
        [_mm512_add_epi32(first, second), a, b, c, _mm512_add_epi32(d, first), e, f, g]
    }

    /// The word that follows on sixteen, the oldest of which is at `at`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn following(words: &[__m512i; 16], at: usize) -> __m512i {
        let (oldest, second) = (words[at], words[(at + 1) % 16]);
        let (tenth, fifteenth) = (words[(at + 9) % 16], words[(at + 14) % 16]);
        let low = xor(_mm512_ror_epi32::<7>(second), _mm512_ror_epi32::<18>(second), _mm512_srli_epi32::<3>(second));
        let (first, next) = (_mm512_ror_epi32::<17>(fifteenth), _mm512_ror_epi32::<19>(fifteenth));
        let high = xor(first, next, _mm512_srli_epi32::<10>(fifteenth));
        _mm512_add_epi32(_mm512_add_epi32(oldest, low), _mm512_add_epi32(tenth, high))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn xor(first: __m512i, second: __m512i, third: __m512i) -> __m512i {
        _mm512_ternarylogic_epi32::<XOR>(first, second, third)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn vector(row: &Row) -> __m512i {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *row;
        _mm512_set_epi32(
            p as i32, o as i32, n as i32, m as i32, l as i32, k as i32, j as i32, i as i32, h as i32, g as i32,
            f as i32, e as i32, d as i32, c as i32, b as i32, a as i32,
        )
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn row(vector: __m512i) -> Row {
        let [a, b, c, d] = four(_mm512_extracti32x4_epi32::<0>(vector));
        let [e, f, g, h] = four(_mm512_extracti32x4_epi32::<1>(vector));
        let [i, j, k, l] = four(_mm512_extracti32x4_epi32::<2>(vector));
        let [m, n, o, p] = four(_mm512_extracti32x4_epi32::<3>(vector));
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn four(vector: __m128i) -> [u32; 4] {
        let (a, b) = (_mm_extract_epi32::<0>(vector) as u32, _mm_extract_epi32::<1>(vector) as u32);
        [a, b, _mm_extract_epi32::<2>(vector) as u32, _mm_extract_epi32::<3>(vector) as u32]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn padded<const BLOCKS: usize>(data: &[u8]) -> Padded<BLOCKS> {
        let mut blocks = [[0; 64]; BLOCKS];
        let flat = blocks.as_flattened_mut();
        flat[..data.len()].copy_from_slice(data);
        flat[data.len()] = 0x80;
        let end = flat.len() - 8;
        flat[end..].copy_from_slice(&(data.len() as u64 * 8).to_be_bytes());
        blocks
    }

    fn data(number: usize, length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * at + 31 * number) as u8).collect()
    }

    fn are_sha_256<const BLOCKS: usize>(count: usize, length: impl Fn(usize) -> usize) {
        let texts: Vec<Vec<u8>> = (0..count).map(|number| data(number, length(number))).collect();
        let messages: Vec<Padded<BLOCKS>> = texts.iter().map(|text| padded(text)).collect();
        let expected: Vec<Hash> = texts.iter().map(|text| Sha256::digest(text).into()).collect();
        let mut made = vec![[0; 32]; count];
        digests(&messages, &mut made);
        assert_eq!(made, expected, "{count} messages of {BLOCKS} blocks");
        assert_eq!(messages.iter().map(plain).collect::<Vec<_>>(), expected);
        #[cfg(target_arch = "x86_64")]
        if pair::is_here() {
            for at in 1..count {
                assert_eq!(pair::digests([&messages[at - 1], &messages[at]]), [expected[at - 1], expected[at]]);
            }
        }
    }

    #[test]
    fn however_many_at_once_each_is_sha_256() {
        for count in 0..70 {
            are_sha_256::<1>(count, |number| number % 56);
            are_sha_256::<2>(count, |number| 56 + number % 64);
            are_sha_256::<3>(count, |number| 120 + number % 64);
        }
    }

    #[test]
    fn a_digest_that_the_standard_publishes_comes_out_of_every_lane() {
        // NIST's example of FIPS 180-4: "abc".
        let mut made = [[0; 32]; LANES];
        digests(&[padded::<1>(b"abc"); LANES], &mut made);
        assert!(made.iter().all(|hash| hash[..8] == [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]));
    }
}
