//! Reads the compact tables that the standard dictionaries are kept in.
//!
//! One line each: `fix VERSION`; `f TAG NAME TYPE CODE...`; `h MEMBER...` and `t MEMBER...` for header and trailer;
//! `c NAME MEMBER...` for a component; `m MSGTYPE NAME CATEGORY MEMBER...` for a message. A member is a tag, `@NAME` of a
//! component, or `TAG[ MEMBER... ]` for a group; `!` behind it means required. `tools/fix_tables.py` writes them.
use super::kind::Kind;
use super::source::{DictionaryFault, Member, Source, SourceField, SourceMessage};
use std::str::SplitAsciiWhitespace;

type Words<'a> = SplitAsciiWhitespace<'a>;

/// Reads a whole table.
pub fn read(text: &str) -> Result<Source, DictionaryFault> {
    let mut source = Source::default();
    for (number, line) in text.lines().enumerate() {
        let mut words = line.split_ascii_whitespace();
        read_line(&mut source, &mut words)
            .ok_or_else(|| DictionaryFault::new(format!("line {}", number + 1), "is not of the form of a table"))?;
    }
    Ok(source)
}

fn read_line(source: &mut Source, words: &mut Words) -> Option<()> {
    match words.next()? {
        "fix" => source.version = words.next()?.to_owned(),
        "f" => source.fields.push(SourceField {
            tag: words.next()?.parse().ok()?,
            name: words.next()?.to_owned(),
            kind: Kind::of(words.next()?)?,
            codes: words.map(str::to_owned).collect(),
        }),
        "h" => source.header = members(words, false)?,
        "t" => source.trailer = members(words, false)?,
        "c" => source.components.push((words.next()?.to_owned(), members(words, false)?)),
        "m" => source.messages.push(SourceMessage {
            msg_type: words.next()?.to_owned(),
            name: words.next()?.to_owned(),
            admin: words.next()? == "admin",
            members: members(words, false)?,
        }),
        _ => return None,
    }
    Some(())
}

/// Members up to the end of the line, or of the group.
fn members(words: &mut Words, group: bool) -> Option<Vec<Member>> {
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if word == "]" {
            return group.then_some(found);
        }
        let (word, opens) = word.strip_suffix('[').map_or((word, false), |word| (word, true));
        let (word, required) = word.strip_suffix('!').map_or((word, false), |word| (word, true));
        found.push(match word.strip_prefix('@') {
            Some(name) => Member::Component { name: name.to_owned(), required },
            None if opens => Member::Group { tag: word.parse().ok()?, required, members: members(words, true)? },
            None => Member::Field { tag: word.parse().ok()?, required },
        });
    }
    (!group).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_member_by_member() {
        let source = read("fix X\nm D Order app 11! @Parties! 78[ 79 539[ 524 ] ]").unwrap();
        let field = |tag, required| Member::Field { tag, required };
        let inner = Member::Group { tag: 539, required: false, members: vec![field(524, false)] };
        let members = vec![
            field(11, true),
            Member::Component { name: "Parties".to_owned(), required: true },
            Member::Group { tag: 78, required: false, members: vec![field(79, false), inner] },
        ];
        assert_eq!(source.messages[0].members, members);
        assert_eq!((source.version.as_str(), source.messages[0].admin), ("X", false));
    }

    #[test]
    fn a_line_of_another_form_is_named() {
        for line in ["f 1 Account FLAVOUR", "f x Account STRING", "c Parties 453[ 448", "c Parties 448 ]", "q", "h x"] {
            assert_eq!(read(&format!("fix X\n{line}")).unwrap_err().place, "line 2", "{line}");
        }
    }
}
