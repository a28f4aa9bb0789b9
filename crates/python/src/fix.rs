//! FIX for Python: messages as views of their bytes, dictionaries, encoding. Nothing is copied before it is asked for.
use std::ops::Range;
use std::sync::Arc;

use isthmus_wire::fix::dictionary::Dictionary;
use isthmus_wire::fix::encode::Encoder;
use isthmus_wire::fix::frame::{Head, head};
use isthmus_wire::fix::index::{Field, Index, View, data_tag};
use isthmus_wire::fix::part::{Part, Shape};
use pyo3::create_exception;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyList, PyString};

create_exception!(isthmus._core, FixMalformed, PyValueError, "The bytes are no FIX message; says which field and why.");

/// A dictionary that ships, or one of the caller's own.
#[derive(Clone)]
enum Source {
    Standard(&'static Dictionary),
    Own(Arc<Dictionary>),
}

impl Source {
    fn get(&self) -> &Dictionary {
        match self {
            Self::Standard(dictionary) => dictionary,
            Self::Own(dictionary) => dictionary,
        }
    }
}

/// What messages there are and what each consists of.
#[pyclass(frozen, module = "isthmus._core")]
pub struct FixDictionary(Source);

#[pymethods]
impl FixDictionary {
    /// One that ships: "FIX.4.2", "FIX.4.4", "FIX.5.0SP2" (over FIXT 1.1), "FIXT.1.1". Raises ValueError.
    #[staticmethod]
    #[pyo3(signature = (version, /))]
    fn standard(version: &str) -> PyResult<Self> {
        let dictionary = match version {
            "FIX.4.2" => Dictionary::fix42(),
            "FIX.4.4" => Dictionary::fix44(),
            "FIX.5.0SP2" => Dictionary::fix50sp2(),
            "FIXT.1.1" => Dictionary::fixt11(),
            _ => return Err(PyValueError::new_err(format!("version: no dictionary of {version:?} ships"))),
        };
        Ok(Self(Source::Standard(dictionary)))
    }

    /// One of one's own in the XML form that FIX engines share; over a transport of one's own, if given. Raises ValueError.
    #[staticmethod]
    #[pyo3(signature = (text, /, transport = None))]
    fn from_xml(text: &str, transport: Option<&str>) -> PyResult<Self> {
        let dictionary = match transport {
            Some(transport) => Dictionary::from_xml_over(transport, text),
            None => Dictionary::from_xml(text),
        };
        let dictionary = dictionary.map_err(|fault| PyValueError::new_err(fault.to_string()))?;
        Ok(Self(Source::Own(Arc::new(dictionary))))
    }

    /// The same, with tags from 5000 on that it does not define allowed in every message.
    fn with_user_defined(&self) -> Self {
        Self(Source::Own(Arc::new(self.0.get().clone().with_user_defined())))
    }

    #[getter]
    fn version(&self) -> &str {
        self.0.get().version()
    }

    #[getter]
    fn begin_string(&self) -> &str {
        self.0.get().begin_string()
    }

    /// The name of a field.
    #[pyo3(signature = (tag, /))]
    fn name(&self, tag: u32) -> Option<&str> {
        self.0.get().name(tag)
    }

    /// The tag of a field's name.
    #[pyo3(signature = (name, /))]
    fn tag(&self, name: &str) -> Option<u32> {
        self.0.get().tag(name)
    }

    /// The name of a type of message.
    #[pyo3(signature = (msg_type, /))]
    fn message_name(&self, msg_type: &str) -> Option<&str> {
        self.0.get().message(msg_type.as_bytes()).map(|message| &*message.name)
    }

    /// The first breach of the session layer's rules: (SessionRejectReason, tag, text); None for a right message.
    #[pyo3(signature = (message, /))]
    fn check(&self, message: PyRef<'_, FixMessage>) -> Option<(u16, Option<i32>, &'static str)> {
        let reject = self.0.get().validate(&message.as_super().0.view(message.py())).err()?;
        Some((reject.reason.number(), reject.tag.map(u32::cast_signed), reject.reason.text()))
    }

    fn __repr__(&self) -> String {
        format!("FixDictionary({:?})", self.0.get().version())
    }
}

/// Fields of a message, or of an instance of a group in it.
#[derive(Clone)]
struct Fields {
    data: Arc<Py<PyBytes>>,
    all: Arc<[Field]>,
    range: Range<usize>,
    /// The dictionary, and what of it this is.
    known: Option<(Source, Shape)>,
}

impl Fields {
    fn view<'a>(&'a self, py: Python<'a>) -> View<'a> {
        View { bytes: self.data.as_bytes(py), fields: &self.all[self.range.clone()] }
    }

    fn part<'a>(&'a self, py: Python<'a>) -> Option<Part<'a>> {
        let (source, shape) = self.known.as_ref()?;
        Some(source.get().part_of(*shape, self.view(py)))
    }

    /// The value of a field of its own; without a dictionary, of the first of that tag.
    fn raw<'a>(&'a self, py: Python<'a>, tag: u32) -> Option<&'a [u8]> {
        match self.part(py) {
            Some(part) => part.get(tag),
            None => self.view(py).get(tag),
        }
    }

    fn group(&self, py: Python<'_>, tag: u32) -> PyResult<Vec<FixPart>> {
        let Some((source, _)) = &self.known else {
            return Err(PyValueError::new_err("group: the message was read without a dictionary that has its type"));
        };
        let Some(entry) = self.part(py).and_then(|part| part.entries().find(|entry| entry.tag == tag)) else {
            return Ok(Vec::new());
        };
        let group = entry.group.ok_or_else(|| PyValueError::new_err(format!("group: {tag} counts nothing here")))?;
        // the instances lie behind the count, one after the other
        let mut at = self.view(py).fields.iter().position(|field| field.start == entry.fields[0].start).unwrap_or(0);
        at += self.range.start + 1;
        let instances = group.map(|part| {
            let range = at..at + part.view().fields.len();
            at = range.end;
            let known = Some((source.clone(), part.shape()));
            FixPart(Fields { data: self.data.clone(), all: self.all.clone(), range, known })
        });
        Ok(instances.collect())
    }
}

/// A message, or one instance of a repeating group in it: a view of its bytes.
#[pyclass(frozen, subclass, module = "isthmus._core")]
pub struct FixPart(Fields);

#[pymethods]
impl FixPart {
    /// The text of a field, None if it is not there. Fields of groups inside are not its own.
    #[pyo3(signature = (tag, /))]
    fn get<'py>(&self, py: Python<'py>, tag: u32) -> PyResult<Option<Bound<'py, PyString>>> {
        self.0.raw(py, tag).map(|value| Ok(PyString::new(py, std::str::from_utf8(value)?))).transpose()
    }

    /// The bytes of a field, None if it is not there.
    #[pyo3(signature = (tag, /))]
    fn raw<'py>(&self, py: Python<'py>, tag: u32) -> Option<Bound<'py, PyBytes>> {
        self.0.raw(py, tag).map(|value| PyBytes::new(py, value))
    }

    /// The instances of a group, by the tag that counts them. Raises ValueError if it counts none, or without a dictionary.
    #[pyo3(signature = (tag, /))]
    fn group(&self, py: Python<'_>, tag: u32) -> PyResult<Vec<FixPart>> {
        self.0.group(py, tag)
    }

    fn __getitem__<'py>(&self, py: Python<'py>, tag: u32) -> PyResult<Bound<'py, PyString>> {
        self.get(py, tag)?.ok_or_else(|| PyKeyError::new_err(tag))
    }

    fn __contains__(&self, py: Python<'_>, tag: u32) -> bool {
        self.0.raw(py, tag).is_some()
    }

    /// How many fields there are, those of groups inside included.
    fn __len__(&self) -> usize {
        self.0.range.len()
    }

    /// All fields in their order, those of groups inside included: (tag, bytes).
    fn __iter__(&self) -> FixFields {
        FixFields { fields: self.0.clone(), at: self.0.range.start }
    }
}

/// A FIX message: a view of its bytes. Raises FixMalformed for bytes that are none.
#[pyclass(frozen, extends = FixPart, module = "isthmus._core")]
pub struct FixMessage;

#[pymethods]
impl FixMessage {
    #[new]
    #[pyo3(signature = (data, /, dictionary = None))]
    fn new(py: Python<'_>, data: Py<PyBytes>, dictionary: Option<&FixDictionary>) -> PyResult<(Self, FixPart)> {
        let bytes = data.as_bytes(py);
        match head(bytes) {
            Head::Message { length } if length == bytes.len() => {}
            Head::Message { length } => {
                return Err(FixMalformed::new_err(format!("bytes follow the message of {length}")));
            }
            Head::Incomplete => return Err(FixMalformed::new_err("the message is not whole")),
            Head::Garbled { reason, .. } => return Err(FixMalformed::new_err(reason.text())),
        }
        let mut index = Index::new();
        index.read(bytes).map_err(|fault| FixMalformed::new_err(fault.to_string()))?;
        let known = dictionary.and_then(|d| Some((d.0.clone(), d.0.get().part(index.view(bytes))?.shape())));
        let range = 0..index.fields.len();
        Ok((Self, FixPart(Fields { data: Arc::new(data), all: index.fields.into(), range, known })))
    }

    /// The bytes of the whole message.
    #[getter]
    fn data(this: PyRef<'_, Self>) -> Py<PyBytes> {
        this.as_super().0.data.clone_ref(this.py())
    }

    /// MsgType (35).
    #[getter]
    fn msg_type(this: PyRef<'_, Self>) -> PyResult<String> {
        Ok(std::str::from_utf8(this.as_super().0.view(this.py()).msg_type())?.to_owned())
    }

    /// MsgSeqNum (34), None if it is not there or no number.
    #[getter]
    fn seq_num(this: PyRef<'_, Self>) -> Option<u64> {
        this.as_super().0.view(this.py()).seq_num()
    }

    fn __repr__(this: PyRef<'_, Self>) -> String {
        let text = String::from_utf8_lossy(this.as_super().0.data.as_bytes(this.py()));
        format!("FixMessage({:?})", text.replace('\u{1}', "|"))
    }
}

/// The fields of a message, one after the other.
#[pyclass(module = "isthmus._core")]
pub struct FixFields {
    fields: Fields,
    at: usize,
}

#[pymethods]
impl FixFields {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> Option<(i64, Bound<'py, PyBytes>)> {
        if self.at == self.fields.range.end {
            return None;
        }
        let field = self.fields.all[self.at];
        self.at += 1;
        let value = &self.fields.data.as_bytes(py)[field.range()];
        Some((i64::from(field.tag.cast_signed()), PyBytes::new(py, value)))
    }
}

/// The whole messages at the head of a buffer, how many bytes are done with, and why bytes in between were no messages.
#[pyfunction]
#[pyo3(signature = (buffer, /))]
fn fix_split<'py>(py: Python<'py>, buffer: &[u8]) -> PyResult<(Bound<'py, PyList>, usize, Vec<&'static str>)> {
    let (messages, mut at, mut garbled) = (PyList::empty(py), 0, Vec::new());
    while at < buffer.len() {
        match head(&buffer[at..]) {
            Head::Incomplete => break,
            Head::Garbled { skip, reason } => {
                garbled.push(reason.text());
                at += skip;
            }
            Head::Message { length } => {
                messages.append(PyBytes::new(py, &buffer[at..at + length]))?;
                at += length;
            }
        }
    }
    Ok((messages, at, garbled))
}

/// A value to write: a whole number, text, or bytes.
#[derive(FromPyObject)]
enum Value {
    Number(i64),
    Text(PyBackedStr),
    Bytes(PyBackedBytes),
}

/// A message of these fields between MsgType and CheckSum, in their order. A data field comes behind its length field. Raises
/// ValueError for what would break the frame.
#[pyfunction]
#[pyo3(signature = (begin_string, msg_type, fields, /))]
fn fix_encode<'py>(
    py: Python<'py>,
    begin_string: &str,
    msg_type: &str,
    fields: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut encoder = Encoder::new();
    encoder.begin(begin_string.as_bytes(), msg_type.as_bytes());
    // a length that waits for its data field
    let mut length: Option<(u32, i64)> = None;
    for item in fields.try_iter()? {
        let item = item?;
        let (tag, value): (u32, Value) = item.extract()?;
        let bytes = match &value {
            Value::Number(number) => {
                if data_tag(tag).is_some() {
                    length = Some((tag, *number));
                } else {
                    encoder.int(tag, *number);
                }
                continue;
            }
            Value::Text(text) => text.as_bytes(),
            Value::Bytes(bytes) => bytes,
        };
        match length.take() {
            Some((of, said)) if data_tag(of) == Some(tag) => {
                if said != bytes.len() as i64 {
                    return Err(PyValueError::new_err(format!("field {of}: is not the length of {tag}")));
                }
                encoder.data(of, bytes);
            }
            Some((of, _)) => return Err(PyValueError::new_err(format!("field {of}: its data field does not follow"))),
            None => encoder.field(tag, bytes),
        }
    }
    if let Some((of, _)) = length {
        return Err(PyValueError::new_err(format!("field {of}: its data field does not follow")));
    }
    let message = encoder.finish().map_err(|fault| PyValueError::new_err(fault.to_string()))?;
    Ok(PyBytes::new(py, message))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<FixDictionary>()?;
    m.add_class::<FixMessage>()?;
    m.add_class::<FixPart>()?;
    m.add_class::<FixFields>()?;
    m.add("FixMalformed", m.py().get_type::<FixMalformed>())?;
    m.add_function(wrap_pyfunction!(fix_split, m)?)?;
    m.add_function(wrap_pyfunction!(fix_encode, m)?)
}
