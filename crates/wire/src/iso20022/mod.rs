//! ISO 20022: one pass over a document that says what need not be looked at again.
//!
//! Owns: the tokeniser of plain documents, the sufficient form of the rules of values and of transfers.
//! Takes: bytes, tables. Emits: yes, or not known. Never: says that something is wrong; whoever asks then looks for himself.
pub mod screen;
mod transfer;
mod values;
