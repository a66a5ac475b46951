//! The speed layer and the serving layer: what a user gets to see now.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use skewless::merge::{Decision, Part, Verdict};
use skewless::{
    BatchView, Externals, FeatureSet, Lookup, Outcome, Positions, Served, Serving, Span, Stream, Timestamp,
};

use crate::job::{self, Published};
use crate::model::{FACTORS, Items, SHOWN};
use crate::shop::{Log, Logged, Shop};

/// How much a first click in a session lifts its category, in deviations of the user's scores.
const BOOST: f64 = 1.6;

/// How old the latest event may be before the real-time side counts as standing still.
pub(crate) const STALE: Span = Span::hours(1);

/// One night, as the service keeps it: the view, and the items' half of the same training.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    view: BatchView,
    items: Items,
}

/// Both layers in one process.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) set: FeatureSet,
    pub(crate) fields: Externals,
    pub(crate) serving: Serving,
    /// The store of the host, by view.
    pub(crate) store: BTreeMap<String, Kept>,
}

/// Whether the batch side's store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Up,
    Down,
}

impl Service {
    /// A service whose stream reads the log from `from` on, and has no view yet.
    pub(crate) fn new(set: &FeatureSet, from: Positions) -> Result<Self, Box<dyn Error>> {
        let fields = job::externals(set)?;
        let stream = Stream::new(set).starting_at(from)?;
        let serving = Serving::new(stream).externals(&fields).stale_after(STALE);
        Ok(Self { set: set.clone(), fields, serving, store: BTreeMap::new() })
    }

    /// The same service after a restart from the bytes it had written; the store is not in this process.
    pub(crate) fn restarted(&self, bytes: &[u8]) -> Result<Self, skewless::Error> {
        let serving = Serving::restore(&self.set, &self.fields, bytes)?.stale_after(STALE);
        Ok(Self { serving, ..self.clone() })
    }

    /// Takes one event of the log.
    pub(crate) fn take(&mut self, log: &Log, logged: &Logged) -> Result<Outcome, skewless::Error> {
        self.serving.update_at(logged.partition, logged.offset, &log.row(logged.event))
    }

    /// Takes the events of the log from place `from` on.
    pub(crate) fn take_all(&mut self, log: &Log, from: usize) -> Result<(), skewless::Error> {
        log.events.iter().skip(from).try_for_each(|logged| self.take(log, logged).map(drop))
    }

    /// Offers what a job left behind; only a view that is accepted is loaded.
    pub(crate) fn offer(&mut self, job: &Published, items: &Items, at: i64) -> Result<Verdict, Box<dyn Error>> {
        let manifest = job.manifest()?;
        let found: Vec<Part> = job.files.iter().map(|(id, bytes)| Part::of(*id, bytes)).collect();
        let verdict = self.serving.offer(&manifest, &found, Timestamp::from_micros(at)?);
        if verdict.decision == Decision::Accept {
            let kept = Kept { view: job.open(&self.set)?, items: items.clone() };
            self.store.insert(manifest.view, kept);
        }
        Ok(verdict)
    }

    /// What is kept of the view in service.
    fn current(&self) -> Option<&Kept> {
        self.store.get(&self.serving.view()?.view)
    }

    /// A user's values now.
    pub(crate) fn ask(&self, shop: &Shop, user: usize, as_of: i64, store: Store) -> Result<Served, skewless::Error> {
        let entity = shop.entity(user);
        let found = match self.current().filter(|_| store == Store::Up) {
            Some(kept) => kept.view.lookup(&entity),
            None => Lookup::Failed,
        };
        self.serving.vector(&entity, Timestamp::from_micros(as_of)?, found)
    }

    /// The items in the order in which someone with these values should see them, with their scores.
    ///
    /// Embeddings are worth something only beside the items of the same training, so those of the view that the
    /// values are from are taken. Where there is no embedding, what everyone likes has to do.
    pub(crate) fn rank(&self, shop: &Shop, served: &Served) -> Vec<(usize, f64)> {
        let kept = served.view().and_then(|view| self.store.get(view)).or_else(|| self.current());
        let Some(Kept { items, .. }) = kept else { return Vec::new() };
        let text = |name: &str| served.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let embedding = served.get("embedding").and_then(|value| value.as_list());
        let clicks = served.get("session_clicks").and_then(|value| value.as_f64()).unwrap_or(0.0);
        let category = text("session_category");
        let bought: BTreeSet<&str> = match served.get("bought").and_then(|value| value.as_items()) {
            Some(items) => items.iter().filter_map(|item| item.as_str()).collect(),
            None => BTreeSet::new(),
        };
        let taste = |item: usize| match embedding {
            Some(embedding) => items.score(embedding, item),
            None => libm::log1p(f64::from(items.clicks[item])),
        };
        let candidates = shop.items.iter().enumerate().filter(|(_, item)| !bought.contains(item.name.as_str()));
        let mut ranked: Vec<(usize, f64)> = candidates.map(|(item, _)| (item, taste(item))).collect();
        let boost = BOOST * libm::log2(1.0 + clicks) * deviation(&ranked);
        for (item, score) in &mut ranked {
            *score += if category.as_deref() == Some(shop.category(*item)) { boost } else { 0.0 };
        }
        ranked.sort_by(|(a, x), (b, y)| y.total_cmp(x).then(a.cmp(b)));
        ranked
    }

    /// The items that a user is shown, best first.
    pub(crate) fn shown(&self, shop: &Shop, served: &Served) -> Vec<usize> {
        self.rank(shop, served).into_iter().take(SHOWN).map(|(item, _)| item).collect()
    }

    /// The names of the first few.
    pub(crate) fn first(&self, shop: &Shop, served: &Served, count: usize) -> String {
        let shown = self.shown(shop, served).into_iter().take(count);
        shown.filter_map(|item| Some(shop.items.get(item)?.name.as_str())).collect::<Vec<_>>().join(" ")
    }

    /// An embedding for someone whom no night has seen: the middle of what was clicked.
    pub(crate) fn fold_in(&self, clicked: &[usize]) -> [f64; FACTORS] {
        let Some(kept) = self.current() else { return [0.0; FACTORS] };
        std::array::from_fn(|at| {
            let factors = clicked.iter().filter_map(|item| kept.items.factors.get(*item)?.get(at));
            factors.sum::<f64>() / clicked.len().max(1) as f64
        })
    }
}

/// How far scores are apart.
fn deviation(scores: &[(usize, f64)]) -> f64 {
    let count = scores.len().max(1) as f64;
    let mean = scores.iter().map(|(_, score)| score).sum::<f64>() / count;
    (scores.iter().map(|(_, score)| (score - mean) * (score - mean)).sum::<f64>() / count).sqrt()
}
