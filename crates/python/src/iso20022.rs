//! ISO 20022 for Python: what one pass over a document knows.
use isthmus_wire::iso20022::screen::{Limits, Tables, screen};
use pyo3::prelude::*;

const PLAIN: u8 = 1;
const BEYOND_ASCII: u8 = 2;
const PREFIXED: u8 = 4;
const VALUES: u8 = 8;
const TRANSFER: u8 = 16;

/// (depth, elements, names, bytes of a name, bytes of a tag, attributes, bytes of a text)
type Bounds = (usize, usize, usize, usize, usize, usize, usize);

/// The pass with its tables and limits.
#[pyclass(frozen, module = "isthmus._core")]
pub struct XmlScreen {
    tables: Tables,
    limits: Limits,
}

#[pymethods]
impl XmlScreen {
    #[new]
    #[pyo3(signature = (bounds, countries, currencies, ibans, names))]
    fn new(
        bounds: Bounds,
        countries: Vec<String>,
        currencies: Vec<(String, Option<u8>)>,
        ibans: Vec<String>,
        names: (Vec<String>, Vec<String>),
    ) -> Self {
        let (depth, elements, distinct, name_bytes, tag_bytes, attributes, text_bytes) = bounds;
        let money: Vec<(&str, Option<u8>)> =
            currencies.iter().map(|(code, decimals)| (code.as_str(), *decimals)).collect();
        Self {
            tables: Tables::new(&texts(&countries), &money, &texts(&ibans), &texts(&names.0), &texts(&names.1)),
            limits: Limits { depth, elements, names: distinct, name_bytes, tag_bytes, attributes, text_bytes },
        }
    }

    /// Flags: 1 plain, 2 bytes beyond ASCII, 4 attributes with a prefix, 8 values are right, 16 rules of transfers hold.
    #[pyo3(signature = (xml, /))]
    fn look(&self, xml: &[u8]) -> u8 {
        let found = screen(xml, &self.tables, self.limits);
        [
            (found.plain, PLAIN),
            (found.beyond_ascii, BEYOND_ASCII),
            (found.prefixed, PREFIXED),
            (found.values, VALUES),
            (found.transfer, TRANSFER),
        ]
        .iter()
        .filter(|(known, _)| *known)
        .fold(0, |flags, (_, flag)| flags | flag)
    }
}

fn texts(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<XmlScreen>()
}
