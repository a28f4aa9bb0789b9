//! SWIFT MT (FIN): blocks, fields, formats, network rules.
pub mod fin;
