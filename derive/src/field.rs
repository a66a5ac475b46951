//! `#[derive(Field)]`: an enum as a category, a struct of one field as that field.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DataEnum, DataStruct, DeriveInput, Error, Fields, Ident, Member, Path, Result};

use crate::attributes::{OnType, gather, nothing, variant_name};
use crate::case::Case;
use crate::record::bounded;

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let on_type = OnType::read(&input.attrs, "field")?;
    match &input.data {
        Data::Enum(data) => category(input, data, &on_type.home, on_type.rename_all),
        Data::Struct(data) => match on_type.renamed_at {
            Some(span) => Err(Error::new(span, "`rename_all` names the variants of an enum; this is a struct")),
            None => newtype(input, data, &on_type.home),
        },
        Data::Union(_) => Err(refused(&input.ident, "which field of a union is there, nobody can tell")),
    }
}

fn refused(at: &Ident, why: &str) -> Error {
    let message = format!("`Field` is for enums whose variants have no fields, and for structs of one field; {why}");
    Error::new(at.span(), message)
}

/// An enum whose variants are texts.
fn category(input: &DeriveInput, data: &DataEnum, home: &Path, case: Option<Case>) -> Result<TokenStream> {
    if data.variants.is_empty() {
        return Err(refused(&input.ident, "this one has no variants, so there is nothing it could say"));
    }
    let mut taken: BTreeMap<String, &Ident> = BTreeMap::new();
    let names = data.variants.iter().map(|variant| {
        let ident = &variant.ident;
        if !matches!(variant.fields, Fields::Unit) {
            return Err(refused(ident, "what is in this variant would be lost"));
        }
        let plain = ident.unraw().to_string();
        let (name, at) = match variant_name(&variant.attrs)? {
            Some(name) => (name.value(), name.span()),
            None => (case.map_or(plain.clone(), |case| case.of_variant(&plain)), ident.span()),
        };
        match taken.insert(name.clone(), ident) {
            Some(other) => Err(Error::new(at, format!("the variant `{other}` is the text `{name}` already"))),
            None => Ok(quote!(Self::#ident => #name,)),
        }
    });
    let names = gather(names)?;
    let ident = &input.ident;
    let (of_impl, of_type, wheres) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #of_impl #home::Field for #ident #of_type #wheres {
            const KIND: #home::Kind = #home::Kind::Str;

            #[inline]
            fn value(&self) -> #home::ValueRef<'_> {
                #home::ValueRef::Str(match self { #(#names)* })
            }
        }
    })
}

/// A struct that is what its one field is.
fn newtype(input: &DeriveInput, data: &DataStruct, home: &Path) -> Result<TokenStream> {
    let mut fields = data.fields.members().zip(&data.fields);
    let (Some((member, field)), None) = (fields.next(), fields.next()) else {
        let why = match data.fields.len() {
            0 => "this one has none",
            _ => "of several, `#[derive(Record)]` makes the columns of an event",
        };
        return Err(refused(&input.ident, why));
    };
    nothing(&field.attrs)?;
    let (ident, of): (_, &syn::Type) = (&input.ident, &field.ty);
    let member: Member = member;
    let generics = bounded(&input.generics, home, std::iter::once(of));
    let (of_impl, of_type, wheres) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #of_impl #home::Field for #ident #of_type #wheres {
            const KIND: #home::Kind = <#of as #home::Field>::KIND;

            #[inline]
            fn value(&self) -> #home::ValueRef<'_> {
                <#of as #home::Field>::value(&self.#member)
            }
        }
    })
}
