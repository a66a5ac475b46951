//! What is written in `#[record(..)]` and `#[field(..)]`.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Error, LitStr, Path, Result, Token};

use crate::case::Case;

/// What is said of a struct or an enum as a whole.
pub(crate) struct OnType {
    /// Where `skewless` is.
    pub(crate) home: Path,
    pub(crate) rename_all: Option<Case>,
    /// Where `rename_all` is written.
    pub(crate) renamed_at: Option<Span>,
}

impl OnType {
    pub(crate) fn read(attributes: &[Attribute], ours: &str) -> Result<Self> {
        let (mut home, mut rename_all) = (None, None);
        each(attributes, ours, |meta| match () {
            () if meta.path.is_ident("crate") => once(&mut home, meta, text(meta)?),
            () if meta.path.is_ident("rename_all") => once(&mut rename_all, meta, text(meta)?),
            () => Err(unknown(meta, ours, "here there may be `rename_all = \"..\"` and `crate = \"..\"`")),
        })?;
        let home = match home {
            Some((_, path)) => path.parse_with(Path::parse_mod_style).map_err(|_| {
                Error::new(path.span(), format!("`{}` is no path of a crate or a module", path.value()))
            })?,
            None => syn::parse_quote!(::skewless),
        };
        let (renamed_at, rename_all) = rename_all.unzip();
        Ok(Self { home, rename_all: rename_all.as_ref().map(Case::read).transpose()?, renamed_at })
    }
}

/// What is said of a column.
#[derive(Default)]
pub(crate) struct OnColumn {
    pub(crate) rename: Option<LitStr>,
    /// Where each is written.
    pub(crate) entity: Option<Span>,
    pub(crate) time: Option<Span>,
    pub(crate) skip: Option<Span>,
}

impl OnColumn {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let (mut rename, mut entity, mut time, mut skip) = (None, None, None, None);
        let allowed = "a field may have `entity`, `time`, `rename = \"..\"` and `skip`";
        each(attributes, "record", |meta| match () {
            () if meta.path.is_ident("rename") => once(&mut rename, meta, text(meta)?),
            () if meta.path.is_ident("entity") => once(&mut entity, meta, alone(meta)?),
            () if meta.path.is_ident("time") => once(&mut time, meta, alone(meta)?),
            () if meta.path.is_ident("skip") => once(&mut skip, meta, alone(meta)?),
            () => Err(unknown(meta, "record", allowed)),
        })?;
        let at = |found: Option<(Span, ())>| found.map(|(span, ())| span);
        let said = Self { rename: named(rename)?, entity: at(entity), time: at(time), skip: at(skip) };
        match (said.skip, said.entity, said.time) {
            (Some(span), entity, time) if entity.is_some() || time.is_some() || said.rename.is_some() => {
                Err(Error::new(span, "`skip` leaves the field out; nothing else can be said of it"))
            }
            (_, Some(_), Some(span)) => Err(Error::new(span, "the time cannot be part of the entity")),
            _ => Ok(said),
        }
    }
}

/// The name given to a variant, if one is.
pub(crate) fn variant_name(attributes: &[Attribute]) -> Result<Option<LitStr>> {
    let mut rename = None;
    each(attributes, "field", |meta| match () {
        () if meta.path.is_ident("rename") => once(&mut rename, meta, text(meta)?),
        () => Err(unknown(meta, "field", "a variant may have `rename = \"..\"`")),
    })?;
    named(rename)
}

/// Refuses anything said where nothing can be.
pub(crate) fn nothing(attributes: &[Attribute]) -> Result<()> {
    each(attributes, "field", |meta| Err(unknown(meta, "field", "nothing can be said of a struct's one field")))
}

fn named(rename: Option<(Span, LitStr)>) -> Result<Option<LitStr>> {
    match rename {
        Some((_, name)) if name.value().is_empty() => Err(Error::new(name.span(), "a name cannot be empty")),
        rename => Ok(rename.map(|(_, name)| name)),
    }
}

/// Goes through what is in the attributes called `ours`.
fn each(attributes: &[Attribute], ours: &str, mut take: impl FnMut(&ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    let attributes = attributes.iter().filter(|attribute| attribute.path().is_ident(ours));
    gather(attributes.map(|attribute| attribute.parse_nested_meta(|meta| take(&meta)))).map(drop)
}

fn once<T>(slot: &mut Option<(Span, T)>, meta: &ParseNestedMeta<'_>, value: T) -> Result<()> {
    if slot.is_some() {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        return Err(meta.error(format!("`{name}` is said twice")));
    }
    *slot = Some((meta.path.span(), value));
    Ok(())
}

fn text(meta: &ParseNestedMeta<'_>) -> Result<LitStr> {
    meta.value()?.parse()
}

/// Makes sure that a word stands by itself.
fn alone(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.is_empty() || meta.input.peek(Token![,]) {
        return Ok(());
    }
    let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
    Err(meta.error(format!("`{name}` stands by itself")))
}

fn unknown(meta: &ParseNestedMeta<'_>, ours: &str, allowed: &str) -> Error {
    let path: Vec<String> = meta.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    meta.error(format!("unknown attribute `{ours}({})`; {allowed}", path.join("::")))
}

/// All that went well, or all errors in one.
pub(crate) fn gather<T>(results: impl Iterator<Item = Result<T>>) -> Result<Vec<T>> {
    let (mut all, mut error) = (Vec::new(), None::<Error>);
    for result in results {
        match (result, &mut error) {
            (Ok(found), _) => all.push(found),
            (Err(why), Some(before)) => before.combine(why),
            (Err(why), None) => error = Some(why),
        }
    }
    error.map_or(Ok(all), Err)
}
