//! A run's samples, in memory that does not grow: a long run has the same number as a short one, each of
//! more seconds.

/// The most samples that are kept; when there are as many, every two become one.
pub(crate) const MOST: usize = 240;

/// Rows of so many values each.
#[derive(Debug)]
pub(crate) struct Samples {
    width: usize,
    rows: Vec<f64>,
    /// The sums of the row that is under way, and of how many it is to be the mean.
    sums: Vec<f64>,
    summed: u32,
    each: u32,
}

impl Samples {
    /// None yet; all memory is there, and written to once, so that it is resident from now on.
    pub(crate) fn new(width: usize) -> Self {
        let mut rows = Vec::new();
        rows.resize(MOST * width, f64::NAN);
        rows.clear();
        Self { width, rows, sums: vec![0.0; width], summed: 0, each: 1 }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = f64>) {
        self.sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        self.summed += 1;
        if self.summed < self.each {
            return;
        }
        self.rows.extend(self.sums.iter().map(|sum| sum / f64::from(self.summed)));
        self.sums.fill(0.0);
        self.summed = 0;
        if self.rows.len() == MOST * self.width {
            self.halve();
        }
    }

    fn halve(&mut self) {
        for row in 0..MOST / 2 {
            for column in 0..self.width {
                let one = |row: usize| self.rows[row * self.width + column];
                self.rows[row * self.width + column] =
                    f64::midpoint(one(2 * row), one(2 * row + 1));
            }
        }
        self.rows.truncate(MOST / 2 * self.width);
        self.each *= 2;
    }

    /// A value of all rows, in order.
    pub(crate) fn column(&self, column: usize) -> Vec<f64> {
        self.rows.iter().skip(column).step_by(self.width).copied().collect()
    }
}
