//! What both layers share, the definition, and the batch layer: one night's view with its embeddings.

use std::error::Error;
use std::sync::Arc;

use arrow_array::types::Float64Type;
use arrow_array::{ListArray, RecordBatch, StringArray};
use skewless::merge::Override;
use skewless::{
    BatchView, Derived, External, Externals, Feature, FeatureSet, Kind, Manifest, Positions, Span, Timestamp,
    ViewBuilder, Window, batch, col,
};

use crate::model::Model;
use crate::shop::{DAY, Log};

/// How long a silence ends a session.
pub(crate) const SESSION: Span = Span::hours(2);
/// How many parts a view is written in.
const PARTS: u32 = 4;
/// How many rows the archive has twice.
const TWICE: usize = 250;

/// The features, once for both layers.
pub(crate) fn definition() -> Result<FeatureSet, skewless::Error> {
    let click = || col("event_type").eq("click");
    let purchase = || col("event_type").eq("purchase");
    // What someone looks for now: forgotten after two hours of silence, and once something was bought.
    let session = || Window::session(SESSION).since(purchase());
    FeatureSet::builder("recommend")
        .entity("user")
        .time("ts")
        .feature("session_clicks", Feature::count().filter(click()).over(session()))
        .feature("session_category", Feature::mode("category").filter(click()).over(session()))
        .feature("idle_seconds", Feature::time_since_last("*").over(Window::lifetime()))
        .feature("clicks_30d", Feature::count().filter(click()).over(Window::sliding(Span::days(30))))
        .feature("spend_30d", Feature::sum("price").filter(purchase()).over(Window::sliding(Span::days(30))))
        .feature("bought", Feature::last_distinct_k("item", 50).filter(purchase()).over(Window::lifetime()))
        .derive("spend_per_click", Derived::ratio("spend_30d", "clicks_30d"))
        .build()
}

/// The values that no fold of events gives.
///
/// The later embedding wins: the speed layer makes one for newcomers, and the next night's is better.
pub(crate) fn externals(set: &FeatureSet) -> Result<Externals, skewless::Error> {
    let embedding = External::new("embedding", Kind::List).policy(Override::Freshest).ttl(Span::days(2));
    Externals::new(set, [embedding])
}

/// Which night it is, and after which one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Night<'a> {
    pub(crate) view: &'a str,
    pub(crate) parent: Option<&'a str>,
    /// When the job runs.
    pub(crate) made_at: i64,
    /// How many of the users' embeddings are written before the job ends; all of them, unless it is cut short.
    pub(crate) written: f64,
}

/// What a job leaves behind: a manifest and files.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) manifest: String,
    pub(crate) files: Vec<(u32, Vec<u8>)>,
}

/// Computes the view of everything that is in the log, with what was learned from it.
pub(crate) fn publish(
    set: &FeatureSet,
    log: &Log,
    cut: &Positions,
    model: &Model,
    night: Night<'_>,
) -> Result<Published, Box<dyn Error>> {
    let made_at = Timestamp::from_micros(night.made_at)?;
    let mut builder = ViewBuilder::new(set, night.view, cut.clone(), made_at)
        .externals(&externals(set)?)
        .parts(PARTS)
        // Nothing is asked about times before this, and no event comes this late: older ones can be packed.
        .frontier(Timestamp::from_micros(night.made_at - 2 * DAY)?);
    if let Some(parent) = night.parent {
        builder = builder.parent(parent);
    }
    let view = batch::view(builder, &[log.archive(TWICE)?], &[embeddings(log, model, night.written)?])?;
    Ok(Published { manifest: view.manifest().to_json(), files: view.parts().collect() })
}

/// The users' embeddings as a table.
fn embeddings(log: &Log, model: &Model, written: f64) -> Result<RecordBatch, Box<dyn Error>> {
    let known: Vec<(&String, _)> =
        log.shop.users.iter().zip(&model.users).filter_map(|(user, factors)| Some((user, factors.as_ref()?))).collect();
    let known = known.get(..(known.len() as f64 * written) as usize).unwrap_or(&known);
    let lists = known.iter().map(|(_, factors)| Some(factors.iter().map(|factor| Some(*factor))));
    Ok(RecordBatch::try_from_iter([
        ("user", Arc::new(StringArray::from_iter_values(known.iter().map(|(user, _)| user))) as _),
        ("embedding", Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(lists)) as _),
    ])?)
}

impl Published {
    /// What the job says of its view.
    pub(crate) fn manifest(&self) -> Result<Manifest, skewless::Error> {
        Manifest::from_json(&self.manifest)
    }

    /// Loads the view from its files.
    pub(crate) fn open(&self, set: &FeatureSet) -> Result<BatchView, skewless::Error> {
        BatchView::open(set, &self.manifest()?, self.files.iter().map(|(id, bytes)| (*id, bytes)))
    }
}
