//! The header that a proxy puts before a connection: whom it speaks for (HAProxy's proxy-protocol.txt, versions 1 and 2).
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::sniff::{PROXY_1, PROXY_2};

/// Bytes of a header that are looked at; a longer one (version 2 may have 65,551) is refused.
pub const HEADER_BYTES_MAX: usize = 4_096;
/// Of a version 1 line with its end (section 2.1).
const LINE_BYTES_MAX: usize = 107;
const PREFIX_BYTES: usize = 16;
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
const TLV_CRC32C: u8 = 0x03;
const TLV_HEAD_BYTES: usize = 3;

/// What the bytes so far say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    More,
    /// The header has so many bytes; no client: the peer speaks for itself.
    Header {
        length: usize,
        client: Option<SocketAddr>,
    },
    Bad,
}

/// Reads a header of either version from the beginning of a connection.
pub fn read(bytes: &[u8]) -> Told {
    let told = if bytes.starts_with(PROXY_1) { line(bytes) } else { binary(bytes) };
    told.unwrap_or(Told::Bad)
}

/// `PROXY TCP4 source destination port port`, one space between, numbers without leading zeros; `PROXY UNKNOWN ...`.
fn line(bytes: &[u8]) -> Option<Told> {
    let seen = &bytes[..bytes.len().min(LINE_BYTES_MAX)];
    let Some(length) = seen.windows(2).position(|pair| pair == b"\r\n").map(|at| at + 2) else {
        return (seen.len() < LINE_BYTES_MAX).then_some(Told::More);
    };
    let text = std::str::from_utf8(&seen[PROXY_1.len()..length - 2]).ok()?;
    let parts: Vec<&str> = text.split(' ').collect();
    let client = match parts[..] {
        ["UNKNOWN", ..] => None,
        ["TCP4", source, destination, from, to] => {
            destination.parse::<Ipv4Addr>().ok().zip(port(to))?;
            Some(SocketAddr::new(IpAddr::V4(source.parse().ok()?), port(from)?))
        }
        ["TCP6", source, destination, from, to] => {
            destination.parse::<Ipv6Addr>().ok().zip(port(to))?;
            Some(SocketAddr::new(IpAddr::V6(source.parse().ok()?), port(from)?))
        }
        _ => return None,
    };
    Some(Told::Header { length, client })
}

fn port(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok())?
}

/// Signature, version and command, family, length, addresses, then type-length-value rows.
fn binary(bytes: &[u8]) -> Option<Told> {
    if !bytes.starts_with(&PROXY_2[..bytes.len().min(PROXY_2.len())]) {
        return None;
    }
    let Some(prefix) = bytes.first_chunk::<PREFIX_BYTES>() else {
        return Some(Told::More);
    };
    let length = PREFIX_BYTES + usize::from(u16::from_be_bytes([prefix[14], prefix[15]]));
    let (command, family) = (prefix[12], prefix[13]);
    if !matches!(command, LOCAL | PROXY) || length > HEADER_BYTES_MAX {
        return None;
    }
    let Some(header) = bytes.get(..length) else {
        return Some(Told::More);
    };
    if command == LOCAL {
        return Some(Told::Header { length, client: None });
    }
    let body = &header[PREFIX_BYTES..];
    let (client, address_bytes) = source(family, body)?;
    rows_are_right(header, body.get(address_bytes..)?).then_some(Told::Header { length, client })
}

/// The source address of the family and how many bytes the addresses take. Other transports than a stream name nobody that
/// this connection could be from; a family that is not in the table is no header at all (section 2.2).
fn source(family: u8, body: &[u8]) -> Option<(Option<SocketAddr>, usize)> {
    match family {
        0x00 => Some((None, 0)),
        0x11 | 0x12 => {
            let all = body.first_chunk::<12>()?;
            let address = IpAddr::V4(Ipv4Addr::new(all[0], all[1], all[2], all[3]));
            let client = SocketAddr::new(address, u16::from_be_bytes([all[8], all[9]]));
            Some(((family == 0x11).then_some(client), 12))
        }
        0x21 | 0x22 => {
            let all = body.first_chunk::<36>()?;
            let address = IpAddr::V6(Ipv6Addr::from(*all.first_chunk::<16>()?));
            let client = SocketAddr::new(address, u16::from_be_bytes([all[32], all[33]]));
            Some(((family == 0x21).then_some(client), 36))
        }
        0x31 | 0x32 => Some((None, 216)),
        _ => None,
    }
}

/// Whether the rows fill their room exactly, and a checksum among them is right.
fn rows_are_right(header: &[u8], mut rows: &[u8]) -> bool {
    while !rows.is_empty() {
        let Some([kind, high, low]) = rows.first_chunk::<TLV_HEAD_BYTES>().copied() else {
            return false;
        };
        let end = TLV_HEAD_BYTES + usize::from(u16::from_be_bytes([high, low]));
        let Some(value) = rows.get(TLV_HEAD_BYTES..end) else {
            return false;
        };
        let at = header.len() - rows.len() + TLV_HEAD_BYTES;
        if kind == TLV_CRC32C && !checksum_is_right(header, at, value) {
            return false;
        }
        rows = &rows[end..];
    }
    true
}

/// CRC-32C over the whole header with the checksum's own bytes as zeros (section 2.2.3).
fn checksum_is_right(header: &[u8], at: usize, value: &[u8]) -> bool {
    let mut zeroed = header.to_vec();
    value.len() == 4 && {
        zeroed[at..at + 4].fill(0);
        crc32c::crc32c(&zeroed).to_be_bytes() == value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::chance::Chance;

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).expect("short").to_be_bytes();
        [PROXY_2, &[command, family], &length, body].concat()
    }

    const FOUR: [u8; 12] = [192, 0, 2, 7, 127, 0, 0, 1, 0x12, 0x67, 0x1f, 0x90];

    fn sealed(mut header: Vec<u8>) -> Vec<u8> {
        let at = header.len() - 4;
        let sum = crc32c::crc32c(&header).to_be_bytes();
        header[at..].copy_from_slice(&sum);
        header
    }

    fn right_ones() -> Vec<(Vec<u8>, Option<&'static str>)> {
        let six: Vec<u8> = [&Ipv6Addr::LOCALHOST.octets()[..], &[0; 16], &[0, 80, 0, 81]].concat();
        let with_rows = [&FOUR[..], &[0x04, 0, 2, 9, 9], &[TLV_CRC32C, 0, 4, 0, 0, 0, 0]].concat();
        vec![
            (b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 8080\r\n".to_vec(), Some("192.0.2.7:4711")),
            (b"PROXY TCP6 2001:db8::1 ::1 65535 1\r\n".to_vec(), Some("[2001:db8::1]:65535")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN ffff:f::1 ffff:f::2 65535 65535\r\n".to_vec(), None),
            (v2(PROXY, 0x11, &FOUR), Some("192.0.2.7:4711")),
            (v2(PROXY, 0x21, &six), Some("[::1]:80")),
            (v2(PROXY, 0x12, &FOUR), None),
            (v2(PROXY, 0x00, &[]), None),
            (v2(PROXY, 0x31, &[0; 216]), None),
            (v2(LOCAL, 0x11, &FOUR), None),
            (v2(LOCAL, 0x00, &[]), None),
            (sealed(v2(PROXY, 0x11, &with_rows)), Some("192.0.2.7:4711")),
        ]
    }

    #[test]
    fn a_header_is_read_when_its_last_byte_came_and_not_before() {
        for (header, client) in right_ones() {
            let client = client.map(|text| text.parse().expect("an address"));
            for end in PROXY_1.len()..header.len() {
                assert_eq!(read(&header[..end]), Told::More, "{:?}", &header[..end]);
            }
            let followed = [&header[..], b"GET / HTTP/1.1\r\n"].concat();
            for bytes in [&header, &followed] {
                assert_eq!(read(bytes), Told::Header { length: header.len(), client }, "{header:?}");
            }
        }
    }

    #[test]
    fn a_header_that_is_not_exactly_right_is_bad() {
        let long = [b"PROXY UNKNOWN ".to_vec(), vec![b'x'; LINE_BYTES_MAX]].concat();
        let mut wrong_sum = right_ones().pop().expect("one").0;
        *wrong_sum.last_mut().expect("a byte") ^= 1;
        let cut_row = [&FOUR[..], &[0x04, 0, 9, 1]].concat();
        let wrong = [
            b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 08080\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 65536\r\n".to_vec(),
            b"PROXY TCP4  192.0.2.7 127.0.0.1 4711 80\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.07 127.0.0.1 4711 80\r\n".to_vec(),
            b"PROXY TCP4 ::1 ::1 4711 80\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 127.0.0.1 4711\r\n".to_vec(),
            b"PROXY UDP4 192.0.2.7 127.0.0.1 4711 80\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 127.0.0.1 +4711 80\r\n".to_vec(),
            long,
            v2(0x22, 0x11, &FOUR),
            v2(0x11, 0x11, &FOUR),
            v2(PROXY, 0x41, &FOUR),
            v2(PROXY, 0x11, &FOUR[..11]),
            v2(PROXY, 0x11, &cut_row),
            v2(LOCAL, 0, &vec![0; HEADER_BYTES_MAX - PREFIX_BYTES + 1]),
            wrong_sum,
        ];
        for header in wrong {
            assert_eq!(read(&header), Told::Bad, "{header:?}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic_or_read_past_its_end() {
        let mut chance = Chance::new(11);
        let headers = right_ones();
        for round in 0..200_000_usize {
            let mut bytes = headers[round % headers.len()].0.clone();
            for _ in 0..=chance.below(3) {
                let at = chance.below(bytes.len());
                bytes[at] = chance.byte();
            }
            bytes.truncate(chance.below(bytes.len() + 1));
            if let Told::Header { length, .. } = read(&bytes) {
                assert!(length <= bytes.len());
            }
        }
    }
}
