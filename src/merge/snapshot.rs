//! A serving layer as bytes, and back: for a restart without a gap.

use super::external::{Dated, Externals};
use super::manifest::Manifest;
use super::publish::Publication;
use super::serving::Serving;
use crate::codec::{self, Reader};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::stream::{Entity, Stream};

const MAGIC: [u8; 4] = *b"SKSV";
const FORMAT: u8 = 1;

impl Serving {
    /// The stream, the views and the real-time external values as bytes; equal ones are equal bytes.
    ///
    /// The gate and the limits are not in it: they are the service's own.
    ///
    /// # Format
    /// `SKSV`, a format byte, a checksum of the rest, then the stream as [`Stream::snapshot`] writes it, the manifests, the
    /// publications, and the external values in order of entity.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut body = Vec::new();
        let stream = self.stream.snapshot();
        codec::put_u64(&mut body, stream.len() as u64);
        body.extend_from_slice(&stream);
        codec::put(&mut body, &self.views().collect::<Vec<_>>());
        codec::put(&mut body, &(&self.quarantined, &self.publications));
        let names: Vec<&str> = self.fields.iter().map(super::External::name).collect();
        codec::put(&mut body, &names);
        let mut externals: Vec<_> = self.externals.iter().collect();
        externals.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        codec::put_u64(&mut body, externals.len() as u64);
        externals.into_iter().for_each(|(entity, values)| codec::put(&mut body, &(entity, values)));
        codec::seal(MAGIC, FORMAT, &body)
    }

    /// Reads what [`snapshot`](Self::snapshot) wrote. Reading the log on from the stream's
    /// [`positions`](Stream::positions), or from any earlier place, goes on as if nothing had happened.
    ///
    /// # Errors
    /// As [`Stream::restore`], for the stream and for what is around it.
    pub fn restore(set: &FeatureSet, fields: &Externals, bytes: &[u8]) -> Result<Self> {
        let mut from = Reader::sealed(bytes, MAGIC, FORMAT)?;
        let len = from.count(1, "stream")?;
        let stream = Stream::restore(set, from.bytes(len, "stream")?)?;
        let mut serving = Self::new(stream).externals(fields);
        from.take::<Vec<Manifest>>("views")?.into_iter().for_each(|manifest| serving.keep(manifest));
        let (quarantined, publications): (Vec<Manifest>, Vec<Publication>) = from.take("publications")?;
        (serving.quarantined, serving.publications) = (quarantined, publications);
        if let Some(other) = serving.views().find(|view| view.fingerprint != set.fingerprint()) {
            let (found, expected) = (other.fingerprint, set.fingerprint());
            return Err(Error::mismatch(format!("view `{}` is of definition {found}, not {expected}", other.view)));
        }
        let names: Vec<String> = from.take("names of externals")?;
        if !names.iter().map(String::as_str).eq(fields.iter().map(super::External::name)) {
            return Err(Error::mismatch(format!("external values were {}; these are others", names.join(", "))));
        }
        let mut before: Option<Entity> = None;
        for _ in 0..from.count(2, "externals")? {
            let (entity, values): (Entity, Box<[Option<Dated>]>) = from.take("external")?;
            if before.as_ref().is_some_and(|before| *before >= entity) {
                return Err(Error::not_canonical(format!("entity {entity} does not come after the one before it")));
            }
            before = Some(entity.clone());
            entity.check(set.entity_columns()).map_err(|why| Error::corrupt(why.to_string()))?;
            let fits = |(field, value): (_, &Option<Dated>)| accepts(field, value);
            if values.len() != fields.len() || !fields.iter().zip(&values).all(fits) {
                return Err(Error::corrupt(format!("entity {entity} has other external values than are declared")));
            }
            serving.externals.insert_unique(entity.hash(), (entity, values), |(known, _)| known.hash());
        }
        from.finish()?;
        serving.refresh();
        // One check for every way of not being canonical: these very bytes must come out again.
        if serving.snapshot() != bytes {
            return Err(Error::not_canonical("the serving layer they describe is written differently"));
        }
        Ok(serving)
    }
}

fn accepts(field: &super::External, value: &Option<Dated>) -> bool {
    value.as_ref().is_none_or(|(value, _)| field.accepts(value))
}
