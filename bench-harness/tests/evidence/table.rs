//! Tables of a page in Markdown.

/// A row below the head of a table.
pub struct Row {
    /// Counted from 1.
    pub line: usize,
    /// The first cell.
    pub name: String,
    /// Files and tests that the last cell names.
    pub links: Vec<(String, String)>,
}

/// The rows of all tables of the page.
pub fn rows(page: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut in_table = false;
    for (line, text) in (1..).zip(page.lines()) {
        let Some(cells) = text.trim().strip_prefix('|').and_then(|it| it.strip_suffix('|')) else {
            in_table = false;
            continue;
        };
        if cells.chars().all(|sign| "-:| ".contains(sign)) {
            in_table = true;
        } else if in_table {
            let cells: Vec<_> = cells.split('|').map(str::trim).collect();
            let (name, links) = (cells[0].to_owned(), links(cells[cells.len() - 1]));
            rows.push(Row { line, name, links });
        }
    }
    rows
}

/// The tests that a cell names: code that is a path is the file of the names after it.
fn links(cell: &str) -> Vec<(String, String)> {
    let mut file = None;
    let mut links = Vec::new();
    for code in cell.split('`').skip(1).step_by(2) {
        if code.ends_with(".rs") {
            file = Some(code.to_owned());
        } else if let Some(file) = &file {
            links.push((file.clone(), code.to_owned()));
        }
    }
    links
}
