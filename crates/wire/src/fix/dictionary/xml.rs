//! Reads dictionaries in the XML form that FIX engines share (`<fix type= major= minor= servicepack=>` with header, trailer,
//! messages, components, fields). Entities are not expanded and document type definitions are refused.
use super::kind::Kind;
use super::source::{DictionaryFault, Member, Source, SourceField, SourceMessage};
use crate::fix::index::tags;
use roxmltree::{Document, Node};
use rustc_hash::FxHashMap;

/// A dictionary has at most so many bytes: the largest of the standard has two million.
pub const XML_MAX: usize = 1 << 25;
/// Groups lie at most so deep in each other.
const DEPTH_MAX: usize = 16;

type Tags<'a> = FxHashMap<&'a str, u32>;

/// Reads a whole dictionary.
pub fn read(text: &str) -> Result<Source, DictionaryFault> {
    if text.len() > XML_MAX {
        return Err(DictionaryFault::new("dictionary", format!("has over {XML_MAX} bytes")));
    }
    let document = Document::parse(text).map_err(|error| DictionaryFault::new("XML", error.to_string()))?;
    let root = document.root_element();
    if root.tag_name().name() != "fix" {
        return Err(DictionaryFault::new("XML", "the root element is not <fix>"));
    }
    let mut source = Source { version: version(root)?, ..Source::default() };
    let mut tags = Tags::default();
    for node in children(root, "fields", "field") {
        let field = field(node)?;
        if tags.insert(required(node, "name")?, field.tag).is_some() {
            return Err(DictionaryFault::new(format!("field {}", field.name), "is defined twice"));
        }
        source.fields.push(field);
    }
    for (name, into) in [("header", &mut source.header), ("trailer", &mut source.trailer)] {
        if let Some(node) = child(root, name) {
            *into = members(node, &tags, 0)?;
        }
    }
    for node in children(root, "components", "component") {
        source.components.push((required(node, "name")?.to_owned(), members(node, &tags, 0)?));
    }
    for node in children(root, "messages", "message") {
        source.messages.push(message(node, &tags)?);
    }
    Ok(source)
}

/// As a BeginString or the name of an application version has it.
fn version(root: Node) -> Result<String, DictionaryFault> {
    let name = root.attribute("type").unwrap_or("FIX");
    let (major, minor) = (required(root, "major")?, required(root, "minor")?);
    Ok(match root.attribute("servicepack") {
        None | Some("0" | "") => format!("{name}.{major}.{minor}"),
        Some(pack) => format!("{name}.{major}.{minor}SP{pack}"),
    })
}

fn field(node: Node) -> Result<SourceField, DictionaryFault> {
    let (name, number, kind) = (required(node, "name")?, required(node, "number")?, required(node, "type")?);
    let fault = |reason: String| DictionaryFault::new(format!("field {name}"), reason);
    let tag = number.parse().ok().filter(|tag| (1..=super::TAG_MAX).contains(tag));
    let tag = tag.ok_or_else(|| fault(format!("has the number {number:?}, which is no tag")))?;
    let kind = Kind::of(kind).ok_or_else(|| fault(format!("has the type {kind:?}, which is not known")))?;
    let values = node.children().filter(|child| child.has_tag_name("value"));
    let codes = values.map(|value| required(value, "enum").map(|code| code.trim().to_owned()));
    let codes: Vec<String> = codes.collect::<Result<_, _>>()?;
    if codes.iter().any(String::is_empty) {
        return Err(fault("has an empty enum".to_owned()));
    }
    // the messages themselves are the list of message types
    let codes = if tag == tags::MSG_TYPE { Vec::new() } else { codes };
    Ok(SourceField { tag, name: name.to_owned(), kind, codes })
}

fn message(node: Node, tags: &Tags) -> Result<SourceMessage, DictionaryFault> {
    Ok(SourceMessage {
        msg_type: required(node, "msgtype")?.to_owned(),
        name: required(node, "name")?.to_owned(),
        admin: node.attribute("msgcat") == Some("admin"),
        members: members(node, tags, 0)?,
    })
}

fn members(node: Node, tags: &Tags, depth: usize) -> Result<Vec<Member>, DictionaryFault> {
    if depth > DEPTH_MAX {
        return Err(DictionaryFault::new(place(node), format!("groups lie over {DEPTH_MAX} deep in each other")));
    }
    node.children().filter(Node::is_element).map(|child| member(child, tags, depth)).collect()
}

fn member(node: Node, tags: &Tags, depth: usize) -> Result<Member, DictionaryFault> {
    let name = required(node, "name")?;
    let required = matches!(node.attribute("required"), Some("Y" | "y"));
    let tag = || tags.get(name).copied().ok_or_else(|| DictionaryFault::new(place(node), "is not among the fields"));
    match node.tag_name().name() {
        "field" => Ok(Member::Field { tag: tag()?, required }),
        "group" => Ok(Member::Group { tag: tag()?, required, members: members(node, tags, depth + 1)? }),
        "component" => Ok(Member::Component { name: name.to_owned(), required }),
        other => Err(DictionaryFault::new(place(node), format!("<{other}> is not a field, a group or a component"))),
    }
}

fn child<'a, 'b>(node: Node<'a, 'b>, name: &str) -> Option<Node<'a, 'b>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn children<'a, 'b>(root: Node<'a, 'b>, of: &str, name: &'static str) -> impl Iterator<Item = Node<'a, 'b>> {
    child(root, of).into_iter().flat_map(|node| node.children()).filter(move |child| child.has_tag_name(name))
}

fn required<'a>(node: Node<'a, '_>, attribute: &str) -> Result<&'a str, DictionaryFault> {
    let value = node.attribute(attribute).filter(|value| !value.is_empty());
    value.ok_or_else(|| DictionaryFault::new(place(node), format!("has no {attribute}")))
}

/// The element, as messages name it.
fn place(node: Node) -> String {
    let name = node.attribute("name").unwrap_or("without a name");
    let at = node.document().text_pos_at(node.range().start);
    format!("<{}> {name} (line {})", node.tag_name().name(), at.row)
}
