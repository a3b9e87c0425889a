//! A run's samples, in memory that does not grow: a long run has the same number as a short one, each of
//! more seconds.

/// The most samples that are kept; when there are as many, every two become one.
pub(crate) const MOST: usize = 240;

/// How two values become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    Least,
    Mean,
}

/// Rows of so many values each.
#[derive(Debug)]
pub(crate) struct Samples {
    merges: Vec<Merge>,
    rows: Vec<f64>,
    /// The row that is under way: the least or the sum of so many, of as many as make a row.
    row: Vec<f64>,
    merged: u32,
    each: u32,
}

impl Samples {
    /// None yet, of values that are merged so. All memory is there, and written to once, so that it is
    /// resident from now on.
    pub(crate) fn new(merges: Vec<Merge>) -> Self {
        let mut rows = vec![f64::NAN; MOST * merges.len()];
        rows.clear();
        Self { row: vec![0.0; merges.len()], merges, rows, merged: 0, each: 1 }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = f64>) {
        for ((value, new), merge) in self.row.iter_mut().zip(row).zip(&self.merges) {
            *value = match merge {
                _ if self.merged == 0 => new,
                Merge::Least => value.min(new),
                Merge::Mean => *value + new,
            };
        }
        self.merged += 1;
        if self.merged < self.each {
            return;
        }
        let done = self.row.iter().zip(&self.merges).map(|(value, merge)| match merge {
            Merge::Least => *value,
            Merge::Mean => value / f64::from(self.merged),
        });
        self.rows.extend(done);
        self.merged = 0;
        if self.rows.len() == MOST * self.merges.len() {
            self.halve();
        }
    }

    fn halve(&mut self) {
        let width = self.merges.len();
        for row in 0..MOST / 2 {
            for (column, merge) in self.merges.iter().enumerate() {
                let [first, second] =
                    [2 * row, 2 * row + 1].map(|it| self.rows[it * width + column]);
                self.rows[row * width + column] = match merge {
                    Merge::Least => first.min(second),
                    Merge::Mean => f64::midpoint(first, second),
                };
            }
        }
        self.rows.truncate(MOST / 2 * width);
        self.each *= 2;
    }

    /// A value of all rows, in order.
    pub(crate) fn column(&self, column: usize) -> Vec<f64> {
        self.rows.iter().skip(column).step_by(self.merges.len()).copied().collect()
    }
}
