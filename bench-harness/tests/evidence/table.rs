//! Tables of a page in Markdown.

/// A row below the head of a table.
pub struct Row {
    /// Counted from 1.
    pub line: usize,
    pub cells: Vec<String>,
}

impl Row {
    /// The first cell.
    pub fn name(&self) -> &str {
        &self.cells[0]
    }

    /// The tests that the last cell names: code that is a path is the file of the names after it.
    pub fn links(&self) -> Vec<(String, String)> {
        let mut file = None;
        let mut links = Vec::new();
        for code in codes(&self.cells[self.cells.len() - 1]) {
            if code.ends_with(".rs") {
                file = Some(code.to_owned());
            } else if let Some(file) = &file {
                links.push((file.clone(), code.to_owned()));
            }
        }
        links
    }
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
            let cells = cells.split('|').map(|cell| cell.trim().to_owned()).collect();
            rows.push(Row { line, cells });
        }
    }
    rows
}

/// What stands in a cell as code.
pub fn codes(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}
