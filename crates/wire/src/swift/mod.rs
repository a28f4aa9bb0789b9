//! SWIFT MT (FIN): blocks, fields, formats, network rules.
mod codes;
pub mod deal;
pub mod decimal;
pub mod fin;
pub mod form;
pub mod layout;
mod parts;
mod party;
pub mod reference;
mod rules;
mod rules_300;
pub mod validate;
pub mod walk;
