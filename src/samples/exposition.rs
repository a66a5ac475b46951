//! Samples as text that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::{Kind, Labels, Metric, Sample};

/// The media type of what [`encode`] writes, for the header `Content-Type`.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes samples in Prometheus' text exposition format, version 0.0.4.
///
/// Each metric has its `HELP` and `TYPE` once, before its samples. Metrics are sorted by name and samples by labels, whatever
/// order they come in. Of two samples of the same metric and labels the later one is written, since Prometheus
/// refuses two. No times are written: a scrape is of now.
///
/// # Examples
/// ```
/// use skewless::samples::{self, Labels, Metric, Unit};
/// const LAG: Metric = Metric::gauge("lag_events", Unit::Count, "Events to process");
/// let text = samples::encode(&[LAG.sample(&Labels::new().with("topic", "clicks"), 12.0)]);
/// assert_eq!(text, "# HELP lag_events Events to process\n# TYPE lag_events gauge\nlag_events{topic=\"clicks\"} 12\n");
/// ```
///
/// # Source
/// The format is Prometheus' (`docs/instrumenting/exposition_formats.md`).
pub fn encode<'s>(samples: impl IntoIterator<Item = &'s Sample>) -> String {
    let mut families: BTreeMap<&str, (Metric, BTreeMap<&Labels, f64>)> = BTreeMap::new();
    for sample in samples {
        let family = families.entry(sample.metric.name).or_insert_with(|| (sample.metric, BTreeMap::new()));
        family.1.insert(&sample.labels, sample.value);
    }
    let mut out = String::new();
    for (metric, values) in families.values() {
        // Writing to a string does not fail.
        let _ = family(&mut out, metric, values);
    }
    out
}

fn family(out: &mut String, metric: &Metric, values: &BTreeMap<&Labels, f64>) -> fmt::Result {
    let kind = match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
    };
    let name = metric.name;
    writeln!(out, "# HELP {name} {}\n# TYPE {name} {kind}", escaped(metric.help, false))?;
    for (labels, value) in values {
        out.push_str(name);
        for (i, (label, text)) in labels.iter().enumerate() {
            write!(out, "{}{label}=\"{}\"", if i == 0 { '{' } else { ',' }, escaped(text, true))?;
        }
        out.push_str(if labels.is_empty() { " " } else { "} " });
        number(out, *value)?;
        out.push('\n');
    }
    Ok(())
}

/// Help has no quotation marks around it, so those within it stay as they are.
fn escaped(text: &str, quoted: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quoted => out.push_str("\\\""),
            c => out.push(c),
        }
    }
    out
}

fn number(out: &mut String, value: f64) -> fmt::Result {
    match value {
        value if value.is_nan() => write!(out, "NaN"),
        f64::INFINITY => write!(out, "+Inf"),
        f64::NEG_INFINITY => write!(out, "-Inf"),
        // Without an exponent the greatest double has 309 digits.
        value if value != 0.0 && !(1e-6..1e17).contains(&value.abs()) => write!(out, "{value:e}"),
        value => write!(out, "{value}"),
    }
}
