//! What is said to those who are not served, before they are closed.

/// A client that speaks plain HTTP where only TLS is served.
pub(super) const PLAIN_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 27\r\nconnection: close\r\n\r\nthis port speaks TLS only.\n";
/// Alert: fatal, handshake_failure (RFC 8446 section 6.2), where no certificate is set.
pub(super) const NO_TLS: &[u8] = &[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28];

/// The protocol header of AMQP 1.0, then the end: the answer to whoever asked for a protocol that is not served (AMQP 1.0 part 2,
/// section 2.2). Older versions answer alike (0-9-1, section 4.2.2).
pub(super) const AMQP: &[u8] = b"AMQP\0\x01\0\0";

/// CONNACK for a CONNECT of this level: server unavailable, or, to a level that no standard knows, unacceptable protocol
/// version (MQTT 3.1.1 section 3.2.2.3, MQTT 5.0 section 3.2.2.2).
pub(super) fn connack(level: u8) -> &'static [u8] {
    match level {
        3 | 4 => &[0x20, 2, 0, 3],
        5 => &[0x20, 3, 0, 0x88, 0],
        _ => &[0x20, 2, 0, 1],
    }
}
