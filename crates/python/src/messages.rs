//! The Python classes of all commands and effects, made from the one list in the core.
use isthmus_core::for_each_message;
use isthmus_core::messages::{self as wire, ClientId, Code, Hash, Symbol};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

/// How a field's value crosses the border; `zero` stands for an argument that was left out.
trait Crossing: Sized {
    fn zero() -> Self;
    fn take(value: &Bound<'_, PyAny>) -> PyResult<Self>;
    fn give<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;
}

macro_rules! integers {
    ($($ty:ty),*) => {$(
        impl Crossing for $ty {
            fn zero() -> Self {
                0
            }
            #[inline]
            fn take(value: &Bound<'_, PyAny>) -> PyResult<Self> {
                value.extract()
            }
            #[inline]
            fn give<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                Ok(self.into_pyobject(py)?.into_any())
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, i32, i64);

macro_rules! bytes {
    ($($ty:ty, $what:literal);*) => {$(
        impl Crossing for $ty {
            fn zero() -> Self {
                [0; size_of::<$ty>()]
            }
            fn take(value: &Bound<'_, PyAny>) -> PyResult<Self> {
                let bytes = value.cast::<PyBytes>()?.as_bytes();
                bytes.try_into().map_err(|_| PyValueError::new_err($what))
            }
            fn give<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                Ok(PyBytes::new(py, self).into_any())
            }
        }
    )*};
}
bytes!(ClientId, "a client id is 16 bytes"; Hash, "a hash is 32 bytes");

fn take_text<const N: usize>(value: &Bound<'_, PyAny>) -> PyResult<[u8; N]> {
    let text: String = value.extract()?;
    let mut padded = [0; N];
    let room = padded.get_mut(..text.len());
    room.ok_or_else(|| PyValueError::new_err(format!("text of over {N} bytes")))?.copy_from_slice(text.as_bytes());
    Ok(padded)
}

pub fn text_of(padded: &[u8]) -> String {
    let length = padded.iter().position(|b| *b == 0).unwrap_or(padded.len());
    String::from_utf8_lossy(&padded[..length]).into_owned()
}

macro_rules! texts {
    ($($ty:ident $size:literal),*) => {$(
        impl Crossing for $ty {
            fn zero() -> Self {
                Self([0; $size])
            }
            fn take(value: &Bound<'_, PyAny>) -> PyResult<Self> {
                take_text(value).map(Self)
            }
            fn give<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                Ok(PyString::new(py, &text_of(&self.0)).into_any())
            }
        }
    )*};
}
texts!(Code 16, Symbol 32);

macro_rules! classes {
    (commands { $($commands:tt)* } effects { $($effects:tt)* }) => {
        classes! { @classes $($commands)* }
        classes! { @classes $($effects)* }
        classes! { @to_wire $($commands)* }
        classes! { @to_python $($commands)* ; $($effects)* }
        classes! { @register $($commands)* ; $($effects)* }
    };
    (@classes $(
        $(#[doc = $doc:literal])+
        $name:ident = $kind:literal { $($field:ident : $ty:ty),* $(,)? }
    )*) => {$(
        $(#[doc = $doc])+
        #[pyclass(frozen, module = "isthmus._core")]
        pub struct $name(pub wire::$name);

        #[pymethods]
        impl $name {
            #[classattr]
            const KIND: u16 = $kind;

            #[new]
            #[pyo3(signature = ($($field = None),*))]
            #[allow(clippy::too_many_arguments)]
            fn new($($field: Option<&Bound<'_, PyAny>>),*) -> PyResult<Self> {
                Ok(Self(wire::$name {
                    $($field: match $field {
                        Some(value) => <$ty as Crossing>::take(value).map_err(|e| named(value.py(), stringify!($field), &e))?,
                        None => <$ty as Crossing>::zero(),
                    }),*
                }))
            }

            $(
                #[getter]
                #[allow(clippy::wrong_self_convention)] // a field is called as the message has it
                fn $field<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                    self.0.$field.give(py)
                }
            )*

            /// The fields by name.
            #[allow(unused_variables)]
            pub fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
                let fields = PyDict::new(py);
                $(fields.set_item(stringify!($field), self.0.$field.give(py)?)?;)*
                Ok(fields)
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                let mut parts: Vec<String> = Vec::new();
                for (name, value) in self.fields(py)?.iter() {
                    parts.push(format!("{}={}", name, value.repr()?));
                }
                Ok(format!("{}({})", stringify!($name), parts.join(", ")))
            }

            fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
                other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
            }

            fn __hash__(&self) -> u64 {
                let mut bytes = Vec::new();
                wire::Message::encode(&self.0, &mut bytes);
                bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3)) >> 1
            }
        }
    )*};
    (@to_wire $(
        $(#[doc = $doc:literal])+
        $name:ident = $kind:literal { $($fields:tt)* }
    )*) => {
        /// The command that a Python object is.
        #[inline]
        pub fn command(value: &Bound<'_, PyAny>) -> PyResult<wire::Command> {
            if let Ok(order) = value.cast::<PlaceOrder>() {
                return Ok(wire::Command::PlaceOrder(order.get().0));
            }
            $(
                if let Ok(command) = value.cast::<$name>() {
                    return Ok(wire::Command::$name(command.get().0));
                }
            )*
            Err(PyTypeError::new_err(format!("{} is not a command", value.get_type())))
        }
    };
    (@to_python $(
        $(#[doc = $cdoc:literal])+
        $cname:ident = $ckind:literal { $($cfields:tt)* }
    )* ; $(
        $(#[doc = $edoc:literal])+
        $ename:ident = $ekind:literal { $($efields:tt)* }
    )*) => {
        pub fn python_command<'py>(py: Python<'py>, command: wire::Command) -> PyResult<Bound<'py, PyAny>> {
            match command {
                $(wire::Command::$cname(c) => Ok(Bound::new(py, $cname(c))?.into_any()),)*
            }
        }

        pub fn python_effect<'py>(py: Python<'py>, effect: wire::Effect) -> PyResult<Bound<'py, PyAny>> {
            match effect {
                $(wire::Effect::$ename(e) => Ok(Bound::new(py, $ename(e))?.into_any()),)*
            }
        }
    };
    (@register $(
        $(#[doc = $cdoc:literal])+
        $cname:ident = $ckind:literal { $($cfield:ident : $cty:ty),* $(,)? }
    )* ; $(
        $(#[doc = $edoc:literal])+
        $ename:ident = $ekind:literal { $($efield:ident : $ety:ty),* $(,)? }
    )*) => {
        /// Adds the classes and the tables about them.
        pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
            let py = m.py();
            let (commands, effects, fields) = (PyDict::new(py), PyDict::new(py), PyDict::new(py));
            $(
                m.add_class::<$cname>()?;
                commands.set_item($ckind, py.get_type::<$cname>())?;
                let list: Vec<(&str, &str)> = vec![$((stringify!($cfield), stringify!($cty))),*];
                fields.set_item(stringify!($cname), PyList::new(py, list)?)?;
            )*
            $(
                m.add_class::<$ename>()?;
                effects.set_item($ekind, py.get_type::<$ename>())?;
                let list: Vec<(&str, &str)> = vec![$((stringify!($efield), stringify!($ety))),*];
                fields.set_item(stringify!($ename), PyList::new(py, list)?)?;
            )*
            m.add("COMMANDS", commands)?;
            m.add("EFFECTS", effects)?;
            m.add("FIELDS", fields)
        }
    };
}
for_each_message!(classes);

/// The error with the field's name before it.
fn named(py: Python<'_>, field: &str, error: &PyErr) -> PyErr {
    PyErr::from_type(error.get_type(py), format!("{field}: {}", error.value(py)))
}
