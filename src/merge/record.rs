//! What a batch view has of one entity, as bytes.
//!
//! | part | bytes |
//! | --- | --- |
//! | magic | `SKVR` |
//! | format | 1 |
//! | view | 8, little-endian: a hash of the view's name |
//! | checksum | 4: of the entity, the view and the payload |
//! | payload | state, then for each external a value and its time, or nothing |
//!
//! The view is in every record, so a store that is overwritten while it is read cannot mix two of them, and the
//! entity is in the checksum, so a record under another's key is not served.

use super::external::Dated;
use super::manifest::ExternalCount;
use crate::codec::{self, Reader};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::hash::{checksum, seed};
use crate::state::State;
use crate::stream::Entity;

const MAGIC: [u8; 4] = *b"SKVR";
const FORMAT: u8 = 1;
const HEADER: usize = 17;

/// What a batch view has of one entity.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) state: Option<State>,
    /// One for each external, or nothing at all.
    pub(super) externals: Vec<Option<Dated>>,
}

/// Writes a record.
pub(super) fn encode(view: u64, entity: &Entity, state: &[u8], externals: &[Option<Dated>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + 2 + state.len() + 12 * externals.len());
    out.extend_from_slice(&MAGIC);
    out.push(FORMAT);
    out.extend_from_slice(&view.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    codec::put_u64(&mut out, state.len() as u64);
    out.extend_from_slice(state);
    externals.iter().for_each(|external| codec::put(&mut out, external));
    let sum = sum(view, entity, out.get(HEADER..).unwrap_or(&[]));
    if let Some(place) = out.get_mut(13..HEADER) {
        place.copy_from_slice(&sum);
    }
    out
}

fn sum(view: u64, entity: &Entity, payload: &[u8]) -> [u8; 4] {
    let mut key = Vec::with_capacity(32);
    codec::put(&mut key, entity);
    checksum(seed(&key, view), payload)
}

/// Which view a record is of; checks nothing else.
pub(super) fn view_of(bytes: &[u8]) -> Result<u64> {
    let mut from = Reader::headed(bytes, MAGIC, FORMAT)?;
    Ok(u64::from_le_bytes(from.bytes(8, "view")?.try_into().unwrap_or([0; 8])))
}

/// Reads a record of `entity`, of a view with these externals; `read` reads the state.
pub(super) fn decode(
    set: &FeatureSet,
    fields: &[ExternalCount],
    entity: &Entity,
    bytes: &[u8],
    read: fn(&FeatureSet, &[u8]) -> Result<State>,
) -> Result<Record> {
    let view = view_of(bytes)?;
    let payload = bytes.get(HEADER..).unwrap_or(&[]);
    if bytes.get(13..HEADER) != Some(&sum(view, entity, payload)[..]) {
        return Err(Error::corrupt(format!("the checksum does not match: not a record of {entity}, or a damaged one")));
    }
    let mut from = Reader::new(payload);
    let len = from.count(1, "state")?;
    let state = from.bytes(len, "state")?;
    let state = if len == 0 { None } else { Some(read(set, state)?) };
    let mut externals: Vec<Option<Dated>> = Vec::with_capacity(fields.len());
    let mut again = Vec::new();
    codec::put_u64(&mut again, len as u64);
    let head = again.len();
    for field in fields {
        let external: Option<Dated> = from.take("external")?;
        if let Some((value, _)) = external.as_ref().filter(|(value, _)| value.kind() != Some(field.kind)) {
            return Err(Error::corrupt(format!("external `{}` cannot be {}", field.name, value.as_ref())));
        }
        codec::put(&mut again, &external);
        externals.push(external);
    }
    from.finish()?;
    // What is around the state is held to its one form here.
    let (length, values) = again.split_at(head);
    if !payload.starts_with(length) || payload.get(head + len..) != Some(values) {
        return Err(Error::not_canonical("the record they describe is written differently"));
    }
    Ok(Record { state, externals })
}
