//! What a batch pass can answer by column.

/// What a computer comes to by column, if a batch pass knows a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columnar {
    /// Only folding leads to it.
    No,
    /// How many inputs.
    Count,
    /// The exact sum of doubles.
    Sum,
    /// The exact sum of doubles by how many there are.
    Mean,
    /// The exact sum of integers.
    SumI64,
    /// The least input.
    Min,
    /// The greatest input.
    Max,
    /// The input of the least time, tie break and value.
    First,
    /// The input of the greatest time, tie break and value.
    Last,
    /// How many different inputs, up to a limit and one for more.
    Distinct(usize),
}

impl Columnar {
    /// Whether what is folded for this also tells the other.
    pub(crate) fn tells(self, other: Self) -> bool {
        match self {
            Self::No => false,
            Self::Sum | Self::Mean => matches!(other, Self::Sum | Self::Mean),
            _ => self == other,
        }
    }

    /// Whether the answer is one of the inputs, so that text can be given by its code.
    pub(crate) fn picks(self) -> bool {
        matches!(self, Self::First | Self::Last)
    }
}
