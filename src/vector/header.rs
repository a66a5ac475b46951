//! What the values of vectors are called and look like, shared by all vectors of a definition or a service.

use crate::error::Error;
use crate::value::{Kind, Shape};

/// What one value looks like.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    pub(crate) shape: Shape,
    /// How many items it has, if it is a list that the definition holds to a length.
    pub(crate) length: Option<usize>,
}

impl Layout {
    pub(crate) fn of(kind: Kind) -> Self {
        Self { shape: kind.into(), length: None }
    }

    /// How many numbers it is, whatever its value; `None` if it is none, or not always as many.
    pub(super) fn width(&self) -> Option<usize> {
        let is_number = |shape: &Shape| matches!(shape, Shape::One(Kind::Bool | Kind::I64 | Kind::F64));
        match &self.shape {
            shape if is_number(shape) => Some(1),
            Shape::One(Kind::List) => self.length,
            Shape::List(items) if is_number(items) => self.length,
            _ => None,
        }
    }

    /// Whether it is a list, of however many items.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.shape, Shape::One(Kind::List) | Shape::List(_))
    }
}

/// Names and layouts, in the order of the values.
#[derive(Debug)]
pub(crate) struct Header {
    names: Vec<String>,
    layouts: Vec<Layout>,
}

impl Header {
    pub(crate) fn new(values: impl IntoIterator<Item = (String, Layout)>) -> Self {
        let (names, layouts) = values.into_iter().unzip();
        Self { names, layouts }
    }

    /// This and more values behind.
    pub(crate) fn and(&self, more: impl IntoIterator<Item = (String, Layout)>) -> Self {
        let own = self.names.iter().cloned().zip(self.layouts.iter().cloned());
        Self::new(own.chain(more))
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Name and layout of the value at `place`.
    pub(super) fn get(&self, place: usize) -> Option<(&str, &Layout)> {
        Some((self.names.get(place)?.as_str(), self.layouts.get(place)?))
    }

    pub(super) fn no_such(&self, name: &str) -> Error {
        Error::definition(name, format!("no such feature; there are {}", self.names.join(", ")))
    }
}

/// By names: what vectors of the same names look like, their values show.
impl PartialEq for Header {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
    }
}
