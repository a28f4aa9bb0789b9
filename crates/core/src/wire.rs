//! The wire form of messages: how a value is written, and how the list in [`crate::messages`] becomes Rust types.
//!
//! The fields in the order of declaration, little-endian, no padding; a message is preceded by its kind (u16) and its
//! length in bytes (u16).
use crate::messages::{Code, Symbol};

/// A value with a fixed place on the wire.
pub trait Field: Copy {
    const SIZE: usize;
    fn write(self, out: &mut [u8]);
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! integer_fields {
    ($($ty:ty),*) => {$(
        impl Field for $ty {
            const SIZE: usize = size_of::<$ty>();
            #[inline(always)]
            fn write(self, out: &mut [u8]) {
                out.copy_from_slice(&self.to_le_bytes());
            }
            #[inline(always)]
            fn read(bytes: &[u8]) -> Self {
                let mut raw = [0; size_of::<$ty>()];
                raw.copy_from_slice(bytes);
                Self::from_le_bytes(raw)
            }
        }
    )*};
}
integer_fields!(u8, u16, u32, u64, i32, i64);

impl<const N: usize> Field for [u8; N] {
    const SIZE: usize = N;
    #[inline(always)]
    fn write(self, out: &mut [u8]) {
        out.copy_from_slice(&self);
    }
    #[inline(always)]
    fn read(bytes: &[u8]) -> Self {
        let mut raw = [0; N];
        raw.copy_from_slice(bytes);
        raw
    }
}

macro_rules! text_fields {
    ($($ty:ident $size:literal),*) => {$(
        impl Field for $ty {
            const SIZE: usize = $size;
            fn write(self, out: &mut [u8]) {
                self.0.write(out);
            }
            fn read(bytes: &[u8]) -> Self {
                Self(Field::read(bytes))
            }
        }
    )*};
}
text_fields!(Code 16, Symbol 32);

/// Something with a wire form.
pub trait Message {
    /// Appends head and fields.
    fn encode(&self, out: &mut Vec<u8>);
}

/// A message's kind does not exist, or its length is not that of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadMessage {
    pub kind: u16,
    pub length: usize,
}

/// Bytes of the head of a message: kind and length.
pub const HEAD: usize = 4;

macro_rules! declare {
    (commands { $($commands:tt)* } effects { $($effects:tt)* }) => {
        declare! { @family Command $($commands)* }
        declare! { @family Effect $($effects)* }
    };
    (@family $family:ident $(
        $(#[doc = $doc:literal])+
        $name:ident = $kind:literal { $($field:ident : $ty:ty),* $(,)? }
    )*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct $name { $(pub $field: $ty),* }

            impl $name {
                pub const KIND: u16 = $kind;
                pub const SIZE: usize = 0 $(+ <$ty as Field>::SIZE)*;

                #[inline(always)]
                #[allow(unused_variables, unused_mut, unused_assignments)]
                pub fn write(&self, out: &mut [u8]) {
                    let mut at = 0;
                    $(
                        self.$field.write(&mut out[at..at + <$ty as Field>::SIZE]);
                        at += <$ty as Field>::SIZE;
                    )*
                }

                #[inline(always)]
                #[allow(unused_variables, unused_mut, unused_assignments)]
                pub fn read(bytes: &[u8]) -> Self {
                    let mut at = 0;
                    $(
                        let $field = <$ty as Field>::read(&bytes[at..at + <$ty as Field>::SIZE]);
                        at += <$ty as Field>::SIZE;
                    )*
                    Self { $($field),* }
                }

            }

            /// Its fields without a head: a row of a state.
            impl Field for $name {
                const SIZE: usize = $name::SIZE;

                fn write(self, out: &mut [u8]) {
                    $name::write(&self, out);
                }

                fn read(bytes: &[u8]) -> Self {
                    $name::read(bytes)
                }
            }

            impl Message for $name {
                #[inline]
                fn encode(&self, out: &mut Vec<u8>) {
                    let mut raw = [0u8; HEAD + Self::SIZE];
                    raw[..2].copy_from_slice(&Self::KIND.to_le_bytes());
                    raw[2..4].copy_from_slice(&(Self::SIZE as u16).to_le_bytes());
                    self.write(&mut raw[HEAD..]);
                    out.extend_from_slice(&raw);
                }
            }

            impl From<$name> for $family {
                fn from(message: $name) -> Self {
                    Self::$name(message)
                }
            }
        )*

        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $family { $($name($name)),* }

        impl Message for $family {
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                match self { $(Self::$name(message) => message.encode(out)),* }
            }
        }

        impl $family {
            pub fn kind(&self) -> u16 {
                match self { $(Self::$name(_) => $name::KIND),* }
            }

            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name)),* }
            }


            /// As `decode`, of a message that an earlier release wrote: fields that were appended since are zero.
            pub fn decode_older(bytes: &[u8]) -> Result<(Self, usize), BadMessage> {
                let head = bytes.first_chunk::<HEAD>().ok_or(BadMessage { kind: 0, length: bytes.len() })?;
                let kind = u16::from_le_bytes([head[0], head[1]]);
                let length = u16::from_le_bytes([head[2], head[3]]) as usize;
                let bad = BadMessage { kind, length };
                let fields = bytes.get(HEAD..HEAD + length).ok_or(bad)?;
                match kind {
                    $($name::KIND if length <= $name::SIZE => {
                        let mut whole = [0; $name::SIZE];
                        whole[..length].copy_from_slice(fields);
                        Ok((Self::$name($name::read(&whole)), HEAD + length))
                    })*
                    _ => Err(bad),
                }
            }

            /// Reads one message; returns it and the bytes it took.
            pub fn decode(bytes: &[u8]) -> Result<(Self, usize), BadMessage> {
                if bytes.len() < HEAD {
                    return Err(BadMessage { kind: 0, length: bytes.len() });
                }
                let kind = u16::from_le_bytes([bytes[0], bytes[1]]);
                let length = u16::from_le_bytes([bytes[2], bytes[3]]) as usize;
                let bad = BadMessage { kind, length };
                let fields = bytes.get(HEAD..HEAD + length).ok_or(bad)?;
                match kind {
                    $($name::KIND if length == $name::SIZE => Ok((Self::$name($name::read(fields)), HEAD + length)),)*
                    _ => Err(bad),
                }
            }
        }
    };
}
pub(crate) use declare;
