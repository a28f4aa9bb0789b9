//! FIX tag=value: frames, fields, dictionaries, encoding.
