//! Lines of text that fit a terminal.

/// The text broken at spaces into lines of at most `width` characters where its words allow it,
/// each ended by a newline; those after the first begin with `indent`.
pub(super) fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let (mut lines, mut column) = (String::new(), 0);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column == 0 {
            column = length;
        } else if column + 1 + length <= width {
            lines.push(' ');
            column += 1 + length;
        } else {
            lines.push('\n');
            lines += indent;
            column = indent.chars().count() + length;
        }
        lines += word;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn no_line_is_longer_than_asked_for() {
        assert_eq!(wrapped("one two three", 7, "  "), "one two\n  three\n");
        assert_eq!(wrapped("one two", 100, "  "), "one two\n");
        assert_eq!(wrapped("longest first", 3, " "), "longest\n first\n");
    }
}
