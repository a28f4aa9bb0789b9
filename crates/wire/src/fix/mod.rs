//! FIX tag=value: frames, fields, dictionaries, encoding.
//!
//! A receive buffer goes through [`frame::head`] (where does the message end, are BodyLength and CheckSum right?), then through
//! [`index::Index::read`] (where is each field?); what comes of it is a [`index::View`], bytes and places, nothing copied.
//! Standard: FIX Session Layer (FIX Trading Community, FIX 4.2, 4.4, FIXT 1.1), FIX tagvalue encoding.
pub mod dictionary;
pub mod encode;
pub mod frame;
pub mod index;
pub mod part;
mod quick;
mod room;
pub mod validate;
pub mod values;

/// Ends every field.
pub const SOH: u8 = 1;
