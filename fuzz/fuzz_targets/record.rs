//! Reading frames, bodies and origins of a journal never panics; a frame that is accepted is written as it was read.
//!
//! The input is taken as the body of a frame with a right sum, too, since no chance finds a CRC.
#![no_main]
use isthmus_core::journal::frame;
use isthmus_core::record::{Body, Origin};
use libfuzzer_sys::fuzz_target;

fn body(bytes: &[u8]) {
    if let Ok(read) = Body::read(bytes) {
        let mut count = 0;
        let _ = read.each_effect(|_| count += 1);
        let _ = Origin::decode(read.origin);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    while let Ok((contents, hash, behind)) = frame::split(rest) {
        body(contents);
        let mut again = Vec::new();
        frame::whole(&mut again, contents, hash);
        if rest.starts_with(&frame::MAGIC_RECORD) {
            assert_eq!(again, rest[..rest.len() - behind.len()]);
        }
        rest = behind;
    }
    body(bytes);
    if let Some(origin) = Origin::decode(bytes) {
        assert_eq!(Origin::decode(&origin.encode()), Some(origin));
    }
    if bytes.len() >= frame::BODY_BYTES_MIN && bytes.len().is_multiple_of(8) {
        let mut whole = Vec::new();
        frame::whole(&mut whole, bytes, &[7; 32]);
        let (contents, hash, behind) = frame::split(&whole).expect("a whole frame");
        assert_eq!((contents, hash, behind.len()), (bytes, &[7; 32], 0));
    }
});
