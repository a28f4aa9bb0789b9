//! Merkle logs for Python: their writer and their readers, signed notes, and the salts of the journal's leaves.
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use isthmus_core::journal::{Check, JournalError, Reader};
use isthmus_proofs::checkpoint::Checkpoint;
use isthmus_proofs::fault::LogError;
use isthmus_proofs::log::{Log as Writer, Upto};
use isthmus_proofs::note::{Line, Note, Signer as Key, Verifier};
use isthmus_proofs::salt::{self, Keyed};
use isthmus_proofs::source::{self, Folder, Near, Stored};
use isthmus_proofs::{hash, secret};
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use rand::RngCore;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use crate::errors::journal_error;

create_exception!(isthmus._core, LogRefused, PyException, "A log, note or key was refused. Arguments: name, reason.");

type Bytes32 = [u8; 32];

pub fn told(error: LogError) -> PyErr {
    match error {
        LogError::Refused { name, reason } => LogRefused::new_err((name, reason)),
        LogError::Io { .. } => {
            let text = error.to_string();
            let LogError::Io { source, .. } = error else { unreachable!("it is one") };
            match source.raw_os_error() {
                Some(number) => PyOSError::new_err((number, text)),
                None => PyOSError::new_err(text),
            }
        }
        LogError::Journal(error) => journal_error(error),
    }
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn listed<'py>(py: Python<'py>, hashes: &[hash::Hash]) -> Vec<Bound<'py, PyBytes>> {
    hashes.iter().map(|hash| PyBytes::new(py, hash)).collect()
}

/// Signs notes; no text of it shows the secret.
#[pyclass(frozen, module = "isthmus._core")]
pub struct Signer(Key);

#[pymethods]
impl Signer {
    #[staticmethod]
    #[pyo3(signature = (name, kind, /))]
    fn generate(name: &str, kind: u8) -> PyResult<Self> {
        Key::generate(name, kind).map(Self).map_err(told)
    }

    #[staticmethod]
    #[pyo3(signature = (name, kind, secret, /))]
    fn of(name: &str, kind: u8, secret: &[u8]) -> PyResult<Self> {
        let secret = secret.try_into().map(Zeroizing::new);
        let secret: Zeroizing<Bytes32> = secret.map_err(|_| PyValueError::new_err("a secret has 32 bytes"))?;
        Key::new(name, kind, &secret).map(Self).map_err(told)
    }

    #[staticmethod]
    #[pyo3(signature = (text, /))]
    fn parse(text: &str) -> PyResult<Self> {
        Key::parse(text).map(Self).map_err(told)
    }

    #[staticmethod]
    #[pyo3(signature = (path, /))]
    fn read(path: PathBuf) -> PyResult<Self> {
        let raw = secret::read(&path).map_err(told)?;
        let text = std::str::from_utf8(&raw).map_err(|_| LogRefused::new_err(("bad_key", "the file is no text")))?;
        Key::parse(text).map(Self).map_err(told)
    }

    #[pyo3(signature = (path, /))]
    fn write(&self, path: PathBuf) -> PyResult<()> {
        let mut text = self.0.private();
        text.push('\n');
        secret::create(&path, text.as_bytes()).map_err(told)
    }

    #[getter]
    fn name(&self) -> &str {
        &self.0.verifier().name
    }

    #[getter]
    fn vkey(&self) -> String {
        self.0.verifier().to_string()
    }

    #[pyo3(signature = (text, time, /))]
    fn sign(&self, text: &str, time: u64) -> String {
        self.0.sign(text, time).to_string()
    }
}

/// The secret that the salts of the journal's leaves are made from.
#[pyclass(frozen, module = "isthmus._core")]
pub struct Salts(Keyed);

#[pymethods]
impl Salts {
    #[new]
    #[pyo3(signature = (key, /))]
    fn new(key: &[u8]) -> PyResult<Self> {
        let key: Result<&Bytes32, _> = key.try_into();
        key.map(|key| Self(Keyed::new(key))).map_err(|_| PyValueError::new_err("a salt key has 32 bytes"))
    }

    #[staticmethod]
    #[pyo3(signature = (path, /))]
    fn read(path: PathBuf) -> PyResult<Self> {
        let raw = secret::read(&path).map_err(told)?;
        let key: Result<&Bytes32, _> = raw.as_slice().try_into();
        key.map(|key| Self(Keyed::new(key))).map_err(|_| LogRefused::new_err(("bad_key", "a salt key has 32 bytes")))
    }

    #[staticmethod]
    #[pyo3(signature = (path, /))]
    fn create(path: PathBuf) -> PyResult<Self> {
        let mut key: Zeroizing<Bytes32> = Zeroizing::default();
        OsRng.fill_bytes(&mut key[..]);
        secret::create(&path, &key[..]).map_err(told)?;
        Ok(Self(Keyed::new(&key)))
    }

    #[pyo3(signature = (sequence, /))]
    fn salt<'py>(&self, py: Python<'py>, sequence: u64) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.salt(sequence))
    }
}

#[pyfunction]
#[pyo3(signature = (sequence, salt, record, /))]
fn journal_entry<'py>(py: Python<'py>, sequence: u64, salt: &[u8], record: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let salt = salt.try_into().map_err(|_| PyValueError::new_err("a salt has 16 bytes"))?;
    let record = record.try_into().map_err(|_| PyValueError::new_err("a hash has 32 bytes"))?;
    Ok(PyBytes::new(py, &salt::entry(sequence, &salt::commitment(salt, record))))
}

/// A journal that is being followed: its folder, where the reader stands, and the reader.
struct Followed {
    data: PathBuf,
    next: u64,
    reader: Reader,
}

impl Followed {
    fn open(data: &Path, next: u64) -> Result<Self, JournalError> {
        let reader = Reader::open(data, next, Check::Frames)?;
        Ok(Self { data: data.into(), next, reader })
    }
}

/// The one writer of a log's folder.
#[pyclass(frozen, module = "isthmus._core")]
pub struct Log {
    writer: Mutex<Writer>,
    journal: Mutex<Option<Followed>>,
}

#[pymethods]
impl Log {
    #[new]
    #[pyo3(signature = (folder, origin, vkey = None))]
    fn new(py: Python<'_>, folder: PathBuf, origin: &str, vkey: Option<&str>) -> PyResult<Self> {
        let key = vkey.map(Verifier::parse).transpose().map_err(told)?;
        let writer = py.detach(|| Writer::open(&folder, origin, key)).map_err(told)?;
        Ok(Self { writer: Mutex::new(writer), journal: Mutex::default() })
    }

    #[getter]
    fn origin(&self) -> String {
        held(&self.writer).origin().into()
    }

    #[getter]
    fn size(&self) -> u64 {
        held(&self.writer).size()
    }

    #[getter]
    fn covered(&self) -> u64 {
        held(&self.writer).covered()
    }

    #[getter]
    fn rewritten(&self) -> u64 {
        held(&self.writer).rewritten()
    }

    #[getter]
    fn note(&self) -> Option<String> {
        held(&self.writer).published().map(Note::to_string)
    }

    #[getter]
    fn root<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &held(&self.writer).root())
    }

    /// Gives the size after it.
    #[pyo3(signature = (entries, /))]
    fn append(&self, py: Python<'_>, entries: Vec<PyBackedBytes>) -> PyResult<u64> {
        py.detach(|| {
            let mut writer = held(&self.writer);
            entries.iter().try_for_each(|entry| writer.append(entry))?;
            Ok(writer.size())
        })
        .map_err(told)
    }

    /// The same of entries of one length that lie one behind the other.
    #[pyo3(signature = (entries, length, /))]
    fn append_fixed(&self, py: Python<'_>, entries: PyBackedBytes, length: usize) -> PyResult<u64> {
        if length == 0 || !entries.len().is_multiple_of(length) {
            return Err(PyValueError::new_err("the bytes are not a whole number of entries"));
        }
        py.detach(|| {
            let mut writer = held(&self.writer);
            entries.chunks_exact(length).try_for_each(|entry| writer.append(entry))?;
            Ok(writer.size())
        })
        .map_err(told)
    }

    /// Says how many records came.
    #[pyo3(signature = (data, salts, upto, /))]
    fn append_journal(&self, py: Python<'_>, data: PathBuf, salts: &Salts, upto: (u64, u64, u64)) -> PyResult<u64> {
        let (first, to, most) = upto;
        py.detach(|| {
            let (mut journal, mut writer) = (held(&self.journal), held(&self.writer));
            let Some(next) = first.checked_add(writer.size()) else {
                return Err(LogError::Refused { name: "out_of_range", reason: "the log is full".into() });
            };
            let mut followed = match journal.take() {
                Some(followed) if followed.data == data && followed.next == next => followed,
                _ => Followed::open(&data, next)?,
            };
            let count = writer.append_journal(&mut followed.reader, &salts.0, Upto { first, to, most })?;
            followed.next += count;
            *journal = Some(followed);
            Ok(count)
        })
        .map_err(told)
    }

    fn text(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| held(&self.writer).text()).map_err(told)
    }

    #[pyo3(signature = (signer, time, /))]
    fn checkpoint(&self, py: Python<'_>, signer: &Signer, time: u64) -> PyResult<String> {
        py.detach(|| held(&self.writer).checkpoint(&signer.0, time)).map_err(told)
    }

    #[pyo3(signature = (note, /))]
    fn publish(&self, py: Python<'_>, note: &str) -> PyResult<()> {
        py.detach(|| held(&self.writer).publish(Note::parse(note.as_bytes())?)).map_err(told)
    }

    #[pyo3(signature = (lines, /))]
    fn cosign(&self, py: Python<'_>, lines: Vec<String>) -> PyResult<String> {
        py.detach(|| {
            let lines = lines.iter().map(|line| Line::parse(line.trim_end_matches('\n'))).collect::<Result<_, _>>()?;
            held(&self.writer).cosign(lines)
        })
        .map_err(told)
    }

    #[pyo3(signature = (index, size, /))]
    fn inclusion<'py>(&self, py: Python<'py>, index: u64, size: u64) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let hashes = py.detach(|| held(&self.writer).nodes()?.inclusion(index, size)).map_err(told)?;
        Ok(listed(py, &hashes))
    }

    #[pyo3(signature = (old, new, /))]
    fn consistency<'py>(&self, py: Python<'py>, old: u64, new: u64) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let hashes = py.detach(|| held(&self.writer).nodes()?.consistency(old, new)).map_err(told)?;
        Ok(listed(py, &hashes))
    }

    #[pyo3(signature = (size, /))]
    fn root_at<'py>(&self, py: Python<'py>, size: u64) -> PyResult<Bound<'py, PyBytes>> {
        let root = py.detach(|| held(&self.writer).nodes()?.root_at(size)).map_err(told)?;
        Ok(PyBytes::new(py, &root))
    }

    #[pyo3(signature = (index, /))]
    fn entry<'py>(&self, py: Python<'py>, index: u64) -> PyResult<Bound<'py, PyBytes>> {
        let entry = py.detach(|| held(&self.writer).entry(index)).map_err(told)?;
        Ok(PyBytes::new(py, &entry))
    }
}

/// Reads a log's folder while another process writes it.
#[pyclass(frozen, module = "isthmus._core")]
pub struct LogReader {
    files: Folder,
    near: Mutex<Near>,
}

impl LogReader {
    fn read<T: Send>(
        &self,
        py: Python<'_>,
        act: impl Send + FnOnce(&mut Stored<'_, Folder>) -> Result<T, LogError>,
    ) -> PyResult<T> {
        py.detach(|| {
            let size = source::checkpoint(&self.files)?.map_or(0, |(_, checkpoint)| checkpoint.size);
            act(&mut Stored::new(&self.files, size, &mut held(&self.near)))
        })
        .map_err(told)
    }
}

#[pymethods]
impl LogReader {
    #[new]
    #[pyo3(signature = (folder, /))]
    fn new(folder: PathBuf) -> Self {
        Self { files: source::folder(&folder), near: Mutex::default() }
    }

    fn note(&self) -> PyResult<Option<String>> {
        Ok(source::checkpoint(&self.files).map_err(told)?.map(|(note, _)| note.to_string()))
    }

    #[pyo3(signature = (index, size, /))]
    fn inclusion<'py>(&self, py: Python<'py>, index: u64, size: u64) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        Ok(listed(py, &self.read(py, |nodes| nodes.inclusion(index, size))?))
    }

    #[pyo3(signature = (old, new, /))]
    fn consistency<'py>(&self, py: Python<'py>, old: u64, new: u64) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        Ok(listed(py, &self.read(py, |nodes| nodes.consistency(old, new))?))
    }

    #[pyo3(signature = (size, /))]
    fn root_at<'py>(&self, py: Python<'py>, size: u64) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.read(py, |nodes| nodes.root_at(size))?))
    }

    #[pyo3(signature = (index, /))]
    fn entry<'py>(&self, py: Python<'py>, index: u64) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.read(py, |nodes| source::entry(nodes.source, index, nodes.size))?))
    }
}

type Told<'py> = (String, Vec<(String, Bound<'py, PyBytes>, Bound<'py, PyBytes>)>);

/// Text and signature lines as (name, key id, signature).
#[pyfunction]
#[pyo3(signature = (note, /))]
fn note_parse<'py>(py: Python<'py>, note: &[u8]) -> PyResult<Told<'py>> {
    let Note { text, lines } = Note::parse(note).map_err(told)?;
    let line = |line: Line| (line.name, PyBytes::new(py, &line.id), PyBytes::new(py, &line.signature));
    Ok((text, lines.into_iter().map(line).collect()))
}

/// The time of a witness's signature, None of a log's; raises where the note is not signed by the key.
#[pyfunction]
#[pyo3(signature = (note, vkey, /))]
fn note_signed(note: &[u8], vkey: &str) -> PyResult<Option<u64>> {
    let key = Verifier::parse(vkey).map_err(told)?;
    Note::parse(note).and_then(|note| note.signed_by(&key)).map_err(told)
}

/// The same of a text and one line that stand apart.
#[pyfunction]
#[pyo3(signature = (text, line, vkey, /))]
fn line_signed(text: &str, line: &str, vkey: &str) -> PyResult<Option<u64>> {
    let key = Verifier::parse(vkey).map_err(told)?;
    let lines = vec![Line::parse(line.trim_end_matches('\n')).map_err(told)?];
    Note { text: text.into(), lines }.signed_by(&key).map_err(told)
}

/// Origin, size, root and extension lines.
#[pyfunction]
#[pyo3(signature = (text, /))]
fn checkpoint_parse<'py>(py: Python<'py>, text: &str) -> PyResult<(String, u64, Bound<'py, PyBytes>, Vec<String>)> {
    let Checkpoint { origin, size, root, extensions } = Checkpoint::parse(text).map_err(told)?;
    Ok((origin, size, PyBytes::new(py, &root), extensions))
}

#[pyfunction]
#[pyo3(signature = (origin, size, root, extensions, /))]
fn checkpoint_text(origin: String, size: u64, root: &[u8], extensions: Vec<String>) -> PyResult<String> {
    let root = root.try_into().map_err(|_| PyValueError::new_err("a root has 32 bytes"))?;
    let text = Checkpoint { origin, size, root, extensions }.to_string();
    Checkpoint::parse(&text).map_err(told)?;
    Ok(text)
}

/// Name, kind, key id and key of a verifier's text.
#[pyfunction]
#[pyo3(signature = (text, /))]
fn vkey_parse<'py>(py: Python<'py>, text: &str) -> PyResult<(String, u8, Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let key = Verifier::parse(text).map_err(told)?;
    let (id, public) = (PyBytes::new(py, &key.id), PyBytes::new(py, key.public()));
    Ok((key.name, key.kind, id, public))
}

#[pyfunction]
#[pyo3(signature = (name, kind, public, /))]
fn vkey_text(name: &str, kind: u8, public: &[u8]) -> PyResult<String> {
    Ok(Verifier::new(name, kind, public).map_err(told)?.to_string())
}

/// The bytes of a secret's file, which nobody but its owner may read.
#[pyfunction]
#[pyo3(signature = (path, /))]
fn secret_read<'py>(py: Python<'py>, path: PathBuf) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &secret::read(&path).map_err(told)?))
}

#[pyfunction]
#[pyo3(signature = (path, secret, /))]
fn secret_create(path: PathBuf, secret: &[u8]) -> PyResult<()> {
    secret::create(&path, secret).map_err(told)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("LogRefused", m.py().get_type::<LogRefused>())?;
    m.add_class::<Signer>()?;
    m.add_class::<Salts>()?;
    m.add_class::<Log>()?;
    m.add_class::<LogReader>()?;
    m.add_function(wrap_pyfunction!(journal_entry, m)?)?;
    m.add_function(wrap_pyfunction!(note_parse, m)?)?;
    m.add_function(wrap_pyfunction!(note_signed, m)?)?;
    m.add_function(wrap_pyfunction!(line_signed, m)?)?;
    m.add_function(wrap_pyfunction!(checkpoint_parse, m)?)?;
    m.add_function(wrap_pyfunction!(checkpoint_text, m)?)?;
    m.add_function(wrap_pyfunction!(vkey_parse, m)?)?;
    m.add_function(wrap_pyfunction!(vkey_text, m)?)?;
    m.add_function(wrap_pyfunction!(secret_read, m)?)?;
    m.add_function(wrap_pyfunction!(secret_create, m)?)
}
