//! Networks of peers that are trusted: "10.0.0.0/8", "192.0.2.7", "2001:db8::/32".
use std::net::IpAddr;
use std::str::FromStr;

/// The addresses that share their first `bits` with `address`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: u128,
    bits: u32,
    four: bool,
}

impl Network {
    /// Whether the peer is one of them; an IPv4 address that arrives as IPv6 (::ffff:a.b.c.d) counts as IPv4.
    pub fn holds(&self, peer: IpAddr) -> bool {
        let (number, four) = number_of(peer.to_canonical());
        let width = if four { 32 } else { 128 };
        let differing = (number ^ self.address).checked_shr(width - self.bits).unwrap_or(0);
        four == self.four && differing == 0
    }
}

fn number_of(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(four) => (u128::from(four.to_bits()), true),
        IpAddr::V6(six) => (six.to_bits(), false),
    }
}

impl FromStr for Network {
    type Err = String;

    /// An address, or an address and a prefix length whose remaining bits are zero.
    fn from_str(text: &str) -> Result<Self, String> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let parsed: IpAddr = address.parse().map_err(|_| format!("{text}: {address} is no address"))?;
        let (number, four) = number_of(parsed);
        let width = if four { 32 } else { 128 };
        let bits = match bits {
            None => width,
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits
                .parse()
                .ok()
                .filter(|bits| *bits <= width)
                .ok_or(format!("{text}: a prefix has 0 to {width} bits"))?,
            Some(_) => return Err(format!("{text}: a prefix has 0 to {width} bits")),
        };
        let behind = 1_u128.checked_shl(width - bits).map_or(u128::MAX, |next| next - 1);
        if number & behind != 0 {
            return Err(format!("{text}: the address has bits behind its prefix"));
        }
        Ok(Self { address: number, bits, four })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, peer: &str) -> bool {
        network.parse::<Network>().expect("a network").holds(peer.parse().expect("an address"))
    }

    #[test]
    fn a_network_holds_its_own_addresses_and_no_others() {
        assert!(holds("10.0.0.0/8", "10.255.1.2") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.6"));
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("2001:db8::/33", "2001:db8:7fff::1") && !holds("2001:db8::/33", "2001:db8:8000::1"));
        assert!(holds("::/0", "2001:db8::1") && !holds("::/0", "192.0.2.7"));
        assert!(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
    }

    #[test]
    fn what_is_no_network_is_refused_by_its_name() {
        for wrong in ["", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/+8", "10.0.0.0/", "::/129", "host", "010.0.0.0/8"] {
            let refused = wrong.parse::<Network>().expect_err("no network");
            assert!(refused.starts_with(wrong), "{refused}");
        }
    }
}
