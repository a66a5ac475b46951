//! Samples for the `metrics` facade: [`Facade`].

use std::collections::{BTreeMap, BTreeSet};

use metrics::{Key, Label, Level, Metadata, Recorder, SharedString};

use super::{Kind, Labels, Metric, Sample, Unit};

/// Hands samples to the recorder that the host has installed for the `metrics` crate (0.24).
///
/// The facade keeps a value until it is set again, and cannot be told that a series ended. So a gauge that was in the
/// snapshot before and is not in this one is set to NaN, which is how Prometheus and its like write no value; counters stay.
///
/// # Bounds
/// The recorder is the current one of the version of `metrics` that this crate is built with. A host that installs a
/// recorder of another version sees nothing; nothing is seen either where none is installed.
///
/// # Examples
/// ```
/// use skewless::samples::{Facade, Labels, Metric, Unit};
/// const LAG: Metric = Metric::gauge("lag_events", Unit::Count, "Events to process");
/// let mut facade = Facade::new();
/// facade.record(&[LAG.sample(&Labels::new(), 12.0)]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Facade {
    described: BTreeSet<&'static str>,
    gauges: BTreeMap<&'static str, BTreeSet<Labels>>,
}

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

impl Facade {
    /// One that has not recorded anything. Keep it: it has to know what the snapshot before had.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a snapshot: all samples there are now.
    pub fn record<'s>(&mut self, samples: impl IntoIterator<Item = &'s Sample>) {
        metrics::with_recorder(|recorder| {
            let mut gone = std::mem::take(&mut self.gauges);
            for Sample { metric, labels, value } in samples {
                self.describe(recorder, metric);
                let key = key(metric.name, labels);
                match metric.kind {
                    // `as` takes what is below 0, or no number, for 0.
                    Kind::Counter => recorder.register_counter(&key, &METADATA).absolute(*value as u64),
                    Kind::Gauge => {
                        recorder.register_gauge(&key, &METADATA).set(*value);
                        if let Some(labelled) = gone.get_mut(metric.name) {
                            labelled.remove(labels);
                        }
                        self.gauges.entry(metric.name).or_default().insert(labels.clone());
                    }
                }
            }
            for (name, labels) in gone.iter().flat_map(|(name, all)| all.iter().map(move |labels| (*name, labels))) {
                recorder.register_gauge(&key(name, labels), &METADATA).set(f64::NAN);
            }
        });
    }

    fn describe(&mut self, recorder: &dyn Recorder, metric: &Metric) {
        if !self.described.insert(metric.name) {
            return;
        }
        let unit = match metric.unit {
            Unit::One => None,
            Unit::Count => Some(metrics::Unit::Count),
            Unit::CountPerSecond => Some(metrics::Unit::CountPerSecond),
            Unit::Seconds => Some(metrics::Unit::Seconds),
            Unit::Bytes => Some(metrics::Unit::Bytes),
        };
        let help = SharedString::const_str(metric.help);
        match metric.kind {
            Kind::Counter => recorder.describe_counter(metric.name.into(), unit, help),
            Kind::Gauge => recorder.describe_gauge(metric.name.into(), unit, help),
        }
    }
}

fn key(name: &'static str, labels: &Labels) -> Key {
    let labels: Vec<Label> = labels.iter().map(|(name, value)| Label::new(name.to_owned(), value.to_owned())).collect();
    Key::from_parts(name, labels)
}
