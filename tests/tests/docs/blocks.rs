//! The fenced blocks of a page.

/// What stands between two fences.
pub(crate) struct Block<'a> {
    /// What is behind the first fence.
    pub(crate) language: &'a str,
    /// The number of that fence's line, from 1.
    pub(crate) line: usize,
    /// The lines between, each with its end.
    pub(crate) text: String,
}

/// The blocks of a page, in their order.
pub(crate) fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut is_open = false;
    for (number, line) in page.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(language) if !is_open => {
                is_open = true;
                blocks.push(Block {
                    language: language.trim(),
                    line: number + 1,
                    text: String::new(),
                });
            }
            Some(_) => is_open = false,
            None if is_open => {
                let text = &mut blocks.last_mut().unwrap().text;
                text.push_str(line);
                text.push('\n');
            }
            None => {}
        }
    }
    assert!(!is_open, "the last block of the page is not closed");
    blocks
}
