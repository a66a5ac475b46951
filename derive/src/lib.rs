//! The derive macros of `skewless`, which re-exports them under its flag `derive`; their documentation is there.
//!
//! Nothing here panics: what a macro does not take is a compile error at the place it is written.

mod attributes;
mod case;
mod field;
mod record;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct an event; see `skewless::Record`.
#[proc_macro_derive(Record, attributes(record))]
pub fn record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    record::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes an enum a category, or a struct of one field what that field is; see `skewless::Field`.
#[proc_macro_derive(Field, attributes(field))]
pub fn field(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    field::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
