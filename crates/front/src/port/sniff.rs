//! What a connection speaks, by its first bytes alone.
//!
//! A pure function of what has come so far: more bytes never change a verdict that was given, and `FIRST_BYTES_MAX` bytes are always
//! enough for one. Sources: RFC 9112 (methods are those of RFC 9110 and PATCH of RFC 5789; one empty line before the request is
//! let pass, section 2.2), RFC 9113 section 3.4 (preface), RFC 8446 section 5.1 (record of a ClientHello), OASIS MQTT 3.1.1 and 5.0 section
//! 3.1 (CONNECT), OASIS AMQP 1.0 part 2 section 2.2 (protocol header), FIX session layer (tag 8 first), HAProxy's proxy-protocol.txt section 2.

/// Bytes that always suffice.
pub const FIRST_BYTES_MAX: usize = 24;

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// HTTP/1, a WebSocket's upgrade included.
    Http,
    /// HTTP/2 with prior knowledge: gRPC.
    Http2,
    Fix,
    /// A ClientHello; what is inside is sniffed again.
    Tls,
    /// CONNECT at this protocol level: 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0.
    Mqtt {
        level: u8,
    },
    Amqp,
    /// The header of a proxy, version 1 or 2, before anything else.
    Proxy,
}

/// What the bytes so far say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    More,
    Is(Kind),
    /// Nothing that this port understands.
    Close,
}

/// The signature of a version 2 header.
pub const PROXY_2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The beginning of a version 1 header.
pub const PROXY_1: &[u8] = b"PROXY ";
const EMPTY_LINE: &[u8] = b"\r\n";
const METHODS: [&[u8]; 9] =
    [b"GET ", b"POST ", b"DELETE ", b"PATCH ", b"PUT ", b"HEAD ", b"OPTIONS ", b"CONNECT ", b"TRACE "];
const WORDS: [(&[u8], Kind); 5] = [
    (b"8=FIX", Kind::Fix),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Kind::Http2),
    (b"AMQP", Kind::Amqp),
    (PROXY_1, Kind::Proxy),
    (PROXY_2, Kind::Proxy),
];
const TLS_HANDSHAKE: u8 = 0x16;
const TLS_RECORD_BYTES: u16 = 1 << 14;
const CLIENT_HELLO: u8 = 1;
const MQTT_CONNECT: u8 = 0x10;
/// Bytes of MQTT's "remaining length" at most.
const MQTT_LENGTH_BYTES: usize = 4;
const MQTT_NAMES: [&[u8]; 2] = [b"\0\x04MQTT", b"\0\x06MQIsdp"];

/// The verdict on the first bytes of a connection; give as many as there are.
pub fn sniff(bytes: &[u8]) -> Sniffed {
    match bytes.first() {
        None => Sniffed::More,
        Some(&TLS_HANDSHAKE) => tls(bytes),
        Some(&MQTT_CONNECT) => mqtt(bytes),
        Some(_) => words(bytes),
    }
}

fn words(bytes: &[u8]) -> Sniffed {
    let after_line = bytes.strip_prefix(EMPTY_LINE).unwrap_or(bytes);
    let methods = METHODS.iter().map(|method| meets(after_line, method, Kind::Http));
    let others = WORDS.iter().map(|(word, kind)| meets(bytes, word, *kind));
    let mut so_far = if EMPTY_LINE.starts_with(bytes) { Sniffed::More } else { Sniffed::Close };
    for verdict in methods.chain(others) {
        match verdict {
            Sniffed::Is(_) => return verdict,
            Sniffed::More => so_far = verdict,
            Sniffed::Close => {}
        }
    }
    so_far
}

fn meets(bytes: &[u8], word: &[u8], kind: Kind) -> Sniffed {
    match (bytes.starts_with(word), word.starts_with(bytes)) {
        (true, _) => Sniffed::Is(kind),
        (false, true) => Sniffed::More,
        (false, false) => Sniffed::Close,
    }
}

/// A handshake record of version 3.0 to 3.4 and legal length, whose message is a ClientHello.
fn tls(bytes: &[u8]) -> Sniffed {
    let good = |at: usize, right: fn(u8) -> bool| bytes.get(at).is_none_or(|byte| right(*byte));
    if !good(1, |major| major == 3) || !good(2, |minor| minor <= 4) || !good(5, |kind| kind == CLIENT_HELLO) {
        return Sniffed::Close;
    }
    match bytes {
        [_, _, _, high, low, ..] if !(4..=TLS_RECORD_BYTES).contains(&u16::from_be_bytes([*high, *low])) => {
            Sniffed::Close
        }
        [_, _, _, _, _, _, ..] => Sniffed::Is(Kind::Tls),
        _ => Sniffed::More,
    }
}

/// Fixed header, remaining length (1 to 4 bytes, each but the last with its top bit set), protocol name, protocol level.
fn mqtt(bytes: &[u8]) -> Sniffed {
    let length = bytes.iter().skip(1).take(MQTT_LENGTH_BYTES);
    let Some(last) = length.clone().position(|byte| byte & 0x80 == 0) else {
        return if length.len() == MQTT_LENGTH_BYTES { Sniffed::Close } else { Sniffed::More };
    };
    let rest = &bytes[last + 2..];
    for name in MQTT_NAMES {
        if let Some(after) = rest.strip_prefix(name) {
            return after.first().map_or(Sniffed::More, |level| Sniffed::Is(Kind::Mqtt { level: *level }));
        }
    }
    if MQTT_NAMES.iter().any(|name| name.starts_with(rest)) { Sniffed::More } else { Sniffed::Close }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::chance::Chance;

    fn whole_greetings() -> Vec<(Vec<u8>, Kind)> {
        let mut all: Vec<(Vec<u8>, Kind)> = WORDS.iter().map(|(word, kind)| (word.to_vec(), *kind)).collect();
        for method in METHODS {
            all.push((method.to_vec(), Kind::Http));
            all.push(([EMPTY_LINE, method].concat(), Kind::Http));
        }
        all.push((b"\x16\x03\x01\x02\x00\x01".to_vec(), Kind::Tls));
        all.push((b"\x10\x0c\0\x04MQTT\x04".to_vec(), Kind::Mqtt { level: 4 }));
        all.push((b"\x10\x8c\x01\0\x04MQTT\x05".to_vec(), Kind::Mqtt { level: 5 }));
        all.push((b"\x10\xff\xff\xff\x7f\0\x06MQIsdp\x03".to_vec(), Kind::Mqtt { level: 3 }));
        all
    }

    #[test]
    fn every_greeting_is_known_at_its_last_byte_and_open_at_each_before_it() {
        for (greeting, kind) in whole_greetings() {
            for end in 0..greeting.len() {
                assert_eq!(sniff(&greeting[..end]), Sniffed::More, "{:?}", &greeting[..end]);
            }
            assert_eq!(sniff(&greeting), Sniffed::Is(kind));
            assert!(greeting.len() <= FIRST_BYTES_MAX);
        }
    }

    #[test]
    fn no_greeting_begins_another() {
        for (one, _) in whole_greetings() {
            let others = whole_greetings().into_iter().filter(|(other, _)| *other != one);
            assert_eq!(others.filter(|(other, _)| other.starts_with(&one)).count(), 0, "{one:?}");
        }
    }

    #[test]
    fn every_beginning_of_up_to_two_bytes_is_judged_as_its_greetings_are() {
        let greetings = whole_greetings();
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                let seen = [first, second];
                let promising = greetings.iter().any(|(greeting, _)| greeting.starts_with(&seen));
                let mqtt_length = first == MQTT_CONNECT;
                match sniff(&seen) {
                    Sniffed::More => assert!(promising || mqtt_length, "{seen:?}"),
                    Sniffed::Close => assert!(!promising, "{seen:?}"),
                    Sniffed::Is(kind) => panic!("{seen:?} is not yet {kind:?}"),
                }
            }
        }
    }

    #[test]
    fn a_verdict_holds_whatever_follows_and_comes_in_time() {
        let greetings = whole_greetings();
        let mut chance = Chance::new(7);
        for round in 0..200_000_usize {
            let mut bytes = greetings[round % greetings.len()].0.clone();
            bytes.resize(FIRST_BYTES_MAX + 8, 0);
            for _ in 0..chance.below(4) {
                let at = chance.below(bytes.len());
                bytes[at] = chance.byte();
            }
            let mut settled = Sniffed::More;
            for end in 0..=bytes.len() {
                let now = sniff(&bytes[..end]);
                assert!(settled == Sniffed::More || settled == now, "{:?}", &bytes[..end]);
                assert!(end < FIRST_BYTES_MAX || now != Sniffed::More, "{bytes:?}");
                settled = now;
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_greeting_is_closed() {
        let wrong: [&[u8]; 12] = [
            b"get / HTTP/1.1",
            b"8=FX",
            b"PRI * HTTP/1",
            b"\r\n\r\nGET ",
            b"\x16\x02\x01",
            b"\x16\x03\x05",
            b"\x16\x03\x01\x40\x01",
            b"\x16\x03\x01\x00\x03",
            b"\x16\x03\x01\x02\x00\x02",
            b"\x10\xff\xff\xff\xff",
            b"\x10\x0c\0\x05MQTTX",
            b"SSH-2.0-",
        ];
        for bytes in wrong {
            assert_eq!(sniff(bytes), Sniffed::Close, "{bytes:?}");
        }
    }
}
