//! One difference between two versions of the document, and what it asks of
//! the version number.

use serde_json::Value;

/// What semver wants for a change. Below 1.0 each is one place further right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bump {
    /// The very same.
    None,
    /// Words only.
    Patch,
    /// Something more, or a thing to know.
    Minor,
    /// Something that works today stops working.
    Major,
}

impl Bump {
    /// Its word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The rule that it falls under.
    pub code: &'static str,
    pub needs: Bump,
    /// Where it is in the new document, or was.
    pub pointer: String,
    pub message: String,
}

impl Change {
    pub fn new(code: &'static str, needs: Bump, pointer: &str, message: String) -> Self {
        Self {
            code,
            needs,
            pointer: pointer.to_owned(),
            message,
        }
    }

    /// Something that users can have now and could not before.
    pub fn more(pointer: &str, message: String) -> Self {
        Self::new("compat/addition", Bump::Minor, pointer, message)
    }

    /// Something that is to be used no more, and still can be.
    pub fn deprecated(pointer: &str, message: String) -> Self {
        Self::new("compat/deprecated", Bump::Minor, pointer, message)
    }

    /// A message that one side sends and the other no longer understands.
    pub fn wire(pointer: &str, message: String) -> Self {
        Self::new("compat/wire", Bump::Major, pointer, message)
    }
}

/// How much room the step from one version to another makes; `None` when it
/// leads backwards or one of them is no version.
pub fn room(old: &str, new: &str) -> Option<Bump> {
    let old = semver::Version::parse(old).ok()?;
    let new = semver::Version::parse(new).ok()?;
    let step = |left: bool, middle: bool, right: bool| {
        if left {
            Bump::Major
        } else if middle {
            Bump::Minor
        } else if right {
            Bump::Patch
        } else {
            Bump::None
        }
    };
    if new < old {
        return None;
    }
    if new.major != old.major {
        return Some(Bump::Major);
    }
    let (minor, patch) = (new.minor != old.minor, new.patch != old.patch);
    Some(if old.major == 0 {
        step(minor, patch, false)
    } else {
        step(false, minor, patch)
    })
}

/// A part of the document by name: `/components/schemas/Referral` for a
/// reference, alone or wrapped in `allOf` with one entry.
pub fn reference(schema: &Value) -> Option<&str> {
    let of = |schema: &Value| -> Option<usize> { schema["$ref"].as_str().map(str::len) };
    let holder = match schema["allOf"].as_array().map(Vec::as_slice) {
        Some([one]) if of(one).is_some() => one,
        _ => schema,
    };
    holder["$ref"].as_str()?.strip_prefix('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_one_each_step_counts_for_more() {
        for (old, new, expected) in [
            ("0.1.0", "0.1.0", Some(Bump::None)),
            ("0.1.0", "0.1.1", Some(Bump::Minor)),
            ("0.1.0", "0.2.0", Some(Bump::Major)),
            ("0.9.0", "1.0.0", Some(Bump::Major)),
            ("1.2.3", "1.2.4", Some(Bump::Patch)),
            ("1.2.3", "1.3.0", Some(Bump::Minor)),
            ("1.2.3", "2.0.0", Some(Bump::Major)),
            ("1.2.3", "1.2.2", None),
            ("1.2.3", "one", None),
        ] {
            assert_eq!(room(old, new), expected, "{old} {new}");
        }
    }
}
