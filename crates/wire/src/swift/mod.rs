//! SWIFT MT (FIN): blocks, fields, formats, network rules.
