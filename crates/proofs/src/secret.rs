//! Files of secrets: made for their owner alone, and refused where others may read them.
use crate::fault::LogError;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use zeroize::Zeroizing;

/// No secret that is read is longer.
const BYTES_MAX: u64 = 4096;
const OTHERS: u32 = 0o077;

/// The bytes of a secret; refused as `loose_permissions` where anybody but its owner may do anything with the file.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, LogError> {
    let file = File::open(path).map_err(LogError::io("open", path))?;
    let found = file.metadata().map_err(LogError::io("read", path))?;
    if found.mode() & OTHERS != 0 {
        let reason = format!("{} has mode {:04o}, a secret needs 0600", path.display(), found.mode() & 0o7777);
        return Err(LogError::refused("loose_permissions", reason));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES_MAX as usize + 1));
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(LogError::io("read", path))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(LogError::refused("bad_key", format!("{} is longer than a secret", path.display())));
    }
    Ok(bytes)
}

/// A new file of mode 0600, on the medium when it returns; never in the place of another.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), LogError> {
    let opened = File::options().write(true).create_new(true).mode(0o600).open(path);
    let written = opened.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(LogError::io("create", path))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(LogError::io("flush", folder))
}
