//! Texts that the service gives back with HTML's escapes, as a response of 2022
//! has its names.

/// Each with the character that it stands for.
const ESCAPES: [(&str, &str); 7] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&apos;", "'"),
    // Last: it may stand in front of another.
    ("&amp;", "&"),
];

/// The text without HTML's escapes.
pub(crate) fn unescaped(text: &str) -> String {
    let plain = |text: String, (escaped, character): &(&str, &str)| match text.contains(escaped) {
        true => text.replace(escaped, character),
        false => text,
    };
    ESCAPES.iter().fold(text.to_owned(), plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_escape_is_undone_once() {
        let escaped = "&lt;A &amp; B&#39;s&gt; &quot;&#x27;&apos;&quot;";
        assert_eq!(unescaped(escaped), "<A & B's> \"''\"");
        assert_eq!(unescaped("&amp;lt;"), "&lt;");
        assert_eq!(unescaped("A & B"), "A & B");
    }
}
