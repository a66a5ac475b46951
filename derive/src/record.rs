//! `#[derive(Record)]`: a struct's fields as the columns of an event.

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Fields, Generics, Ident, Path, Result, Type, WherePredicate, parse_quote};

use crate::attributes::{OnColumn, OnType, gather};
use crate::case::Case;

/// A field that is a column.
struct Column<'a> {
    field: &'a Ident,
    of: &'a Type,
    name: String,
    /// Where its name is written.
    named_at: Span,
    is_entity: bool,
    /// Where it is called the time.
    time: Option<Span>,
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let on_type = OnType::read(&input.attrs, "record");
    let case = on_type.as_ref().ok().and_then(|on_type| on_type.rename_all);
    let columns = columns(input, case);
    let (on_type, columns) = match (on_type, columns) {
        (Ok(on_type), Ok(columns)) => (on_type, columns),
        (Err(mut why), Err(more)) => {
            why.combine(more);
            return Err(why);
        }
        (Err(why), _) | (_, Err(why)) => return Err(why),
    };
    check_names(&columns)?;
    let time = time_of(&columns, &input.ident)?;
    Ok(write(input, &on_type.home, &columns, time))
}

fn columns(input: &DeriveInput, case: Option<Case>) -> Result<Vec<Column<'_>>> {
    let refused =
        |why: &str| Err(Error::new(input.ident.span(), format!("`Record` is for structs with named fields; {why}")));
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => &fields.named,
            Fields::Unnamed(_) => return refused("the columns of a tuple would have no names"),
            Fields::Unit => return refused("this one has no fields"),
        },
        Data::Enum(_) => return refused("an enum can be a field of one: `#[derive(Field)]` makes it a category"),
        Data::Union(_) => return refused("which field of a union is there, nobody can tell"),
    };
    let read = |field| column(field, case);
    Ok(gather(fields.iter().map(read))?.into_iter().flatten().collect())
}

/// One field; nothing if it is skipped.
fn column(field: &syn::Field, case: Option<Case>) -> Result<Option<Column<'_>>> {
    let said = OnColumn::read(&field.attrs)?;
    let Some(ident) = field.ident.as_ref().filter(|_| said.skip.is_none()) else { return Ok(None) };
    let plain = ident.unraw().to_string();
    let (name, named_at) = match &said.rename {
        Some(name) => (name.value(), name.span()),
        None => (case.map_or(plain.clone(), |case| case.of_field(&plain)), ident.span()),
    };
    let (is_entity, time) = (said.entity.is_some(), said.time);
    Ok(Some(Column { field: ident, of: &field.ty, name, named_at, is_entity, time }))
}

fn check_names(columns: &[Column<'_>]) -> Result<()> {
    let mut taken: BTreeMap<&str, &Ident> = BTreeMap::new();
    let results = columns.iter().map(|column| match taken.insert(&column.name, column.field) {
        Some(other) => {
            Err(Error::new(column.named_at, format!("the field `{other}` is the column `{}` already", column.name)))
        }
        None => Ok(()),
    });
    gather(results).map(drop)
}

/// The name of the one column that is the event time.
fn time_of<'c>(columns: &'c [Column<'_>], ident: &Ident) -> Result<&'c str> {
    let mut times = columns.iter().filter_map(|column| Some((column, column.time?)));
    let Some((first, _)) = times.next() else {
        let message = "no field is `#[record(time)]`; one has to say when the event was";
        return Err(Error::new(ident.span(), message));
    };
    let more = |(_, span)| Err(Error::new(span, format!("a second time; `{}` is it already", first.field)));
    gather::<()>(times.map(more))?;
    Ok(&first.name)
}

fn write(input: &DeriveInput, home: &Path, columns: &[Column<'_>], time: &str) -> TokenStream {
    let ident = &input.ident;
    let generics = bounded(&input.generics, home, columns.iter().map(|column| column.of));
    let (of_impl, of_type, wheres) = generics.split_for_impl();
    let arms = arms(home, columns);
    let entity = columns.iter().filter(|column| column.is_entity).map(|column| &column.name);
    let kinds = columns.iter().map(|Column { name, of, .. }| quote!((#name, <#of as #home::Field>::KIND)));
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #of_impl #home::Record for #ident #of_type #wheres {
            #[inline]
            fn field(&self, column: &#home::Column) -> #home::ValueRef<'_> {
                let name = #home::Column::name(column);
                match name.len() {
                    #arms
                    _ => #home::ValueRef::Null,
                }
            }
        }

        #[automatically_derived]
        impl #of_impl #home::Schema for #ident #of_type #wheres {
            const ENTITY: &'static [&'static str] = &[#(#entity),*];
            const TIME: &'static str = #time;
            const COLUMNS: &'static [(&'static str, #home::Kind)] = &[#(#kinds),*];
        }
    }
}

/// The arms of a match on the length of a column's name. A wide struct is not gone through name by name then, and names
/// of one length are compared without a look at it.
fn arms(home: &Path, columns: &[Column<'_>]) -> TokenStream {
    let mut by_length: BTreeMap<usize, Vec<&Column<'_>>> = BTreeMap::new();
    for column in columns {
        by_length.entry(column.name.len()).or_default().push(column);
    }
    let arm = |(length, columns): (&usize, &Vec<&Column<'_>>)| {
        let cases = columns
            .iter()
            .map(|Column { field, of, name, .. }| quote!(#name => <#of as #home::Field>::value(&self.#field),));
        quote!(#length => match name { #(#cases)* _ => #home::ValueRef::Null },)
    };
    by_length.iter().map(arm).collect()
}

/// The generics with a bound for every type that depends on a type parameter.
pub(crate) fn bounded<'a>(generics: &Generics, home: &Path, types: impl Iterator<Item = &'a Type>) -> Generics {
    let parameters: Vec<&Ident> = generics.type_params().map(|parameter| &parameter.ident).collect();
    let mut generics = generics.clone();
    let bounds = types
        .filter(|of| mentions(of.to_token_stream(), &parameters))
        .map(|of| -> WherePredicate { parse_quote!(#of: #home::Field) });
    let bounds: Vec<WherePredicate> = bounds.collect();
    if !bounds.is_empty() {
        generics.make_where_clause().predicates.extend(bounds);
    }
    generics
}

fn mentions(tokens: TokenStream, parameters: &[&Ident]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => parameters.contains(&&ident),
        TokenTree::Group(group) => mentions(group.stream(), parameters),
        _ => false,
    })
}
