//! Which view is in service: offered, held back, approved, gone back from.

use serde::{Deserialize, Serialize};

use super::gate::{Decision, Finding, Verdict};
use super::manifest::{Manifest, Part};
use super::serving::{Retained, Serving};
use crate::error::{Error, Result};
use crate::hash::{Checksum, tag};
use crate::log::Cut;
use crate::time::Timestamp;

/// When which view came into service, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Publication {
    /// The view.
    pub view: String,
    /// The [seal](Manifest::seal) of its manifest.
    pub seal: Checksum,
    /// Its cut.
    pub cut: Cut,
    /// When, as the host said.
    pub at: Timestamp,
    /// `accepted` by the gate, `approved` from quarantine, or `rolled back` to.
    pub how: String,
}

impl Serving {
    /// Puts a view into service if it passes the gate and the stream can add to it; `found` are its parts
    /// [as they were found](Part::of), `at` is the time to be noted.
    ///
    /// Otherwise the view in service stays. A view in quarantine waits to be [approved](Self::approve). Offering
    /// the view in service again changes nothing.
    ///
    /// A first view is accepted even if part of the log is in neither side, and so is one after a view of which that
    /// is true already: the values then say so.
    pub fn offer(&mut self, manifest: &Manifest, found: &[Part], at: Timestamp) -> Verdict {
        let mut verdict = self.gate.evaluate(manifest, found, self.view());
        if verdict.findings.contains(&Finding::AlreadyServed) {
            return verdict;
        }
        let other = |past: &Publication| past.view == manifest.view && past.seal != manifest.seal();
        let waits = |waiting: &Manifest| waiting.view == manifest.view && waiting != manifest;
        let taken = self.publications.iter().any(other) || self.quarantined.iter().any(waits);
        if taken && !verdict.findings.contains(&Finding::NameTaken) {
            verdict.findings.push(Finding::NameTaken);
            verdict.decision = Decision::Reject;
        }
        for field in self.fields.iter() {
            let theirs = manifest.external(field.name()).filter(|theirs| theirs.kind != field.kind());
            if let Some(found) = theirs.map(|theirs| theirs.kind) {
                let (external, expected) = (field.name().to_owned(), field.kind());
                verdict.findings.push(Finding::OtherKind { external, found, expected });
                verdict.decision = Decision::Reject;
            }
        }
        if verdict.decision == Decision::Reject {
            return verdict;
        }
        if self.stream.has_cuts_of_other_sort(&manifest.cut) {
            verdict.findings.push(Finding::CutOfOtherSort);
            verdict.decision = Decision::Reject;
            return verdict;
        }
        // Where it is too late for the stream to tell the sides apart, its coverage says what is missing.
        let _ = self.announce(manifest.cut.clone());
        let gaps = self.stream.coverage(&manifest.cut).gaps;
        let whole = self.views.last().is_some_and(|current| current.gaps.is_empty());
        if whole && !gaps.is_empty() {
            verdict.decision = verdict.decision.max(Decision::Quarantine);
        }
        verdict.findings.extend(gaps.into_iter().map(Finding::Gap));
        match verdict.decision {
            Decision::Accept => self.install(manifest.clone(), at, "accepted"),
            _ if self.quarantined.contains(manifest) => {}
            _ => self.quarantined.push(manifest.clone()),
        }
        verdict
    }

    /// Puts a view from quarantine into service.
    ///
    /// # Errors
    /// [`ErrorKind::Coverage`](crate::ErrorKind::Coverage) when no view of this name is in quarantine, or one with a
    /// later cut came into service since.
    pub fn approve(&mut self, view: &str, at: Timestamp) -> Result<()> {
        let place = self.quarantined.iter().position(|waiting| waiting.view == view);
        let Some(manifest) = place.and_then(|place| self.quarantined.get(place)).cloned() else {
            let waiting: Vec<_> = self.quarantined.iter().map(|waiting| waiting.view.as_str()).collect();
            return Err(Error::coverage(format!(
                "no view `{view}` is in quarantine; there are: {}",
                waiting.join(", ")
            )));
        };
        if let Some(current) = self
            .view()
            .filter(|current| !matches!(current.cut.partial_cmp(&manifest.cut), Some(order) if order.is_le()))
        {
            let (ours, theirs) = (&current.cut, &manifest.cut);
            return Err(Error::coverage(format!("view `{view}` is cut at {theirs}; one at {ours} is in service")));
        }
        self.quarantined.retain(|waiting| waiting.view != view);
        self.install(manifest, at, "approved");
        Ok(())
    }

    /// Goes back to the view before the one in service, which is let go of. The stream has everything since.
    ///
    /// # Errors
    /// [`ErrorKind::Coverage`](crate::ErrorKind::Coverage) when there is none to go back to.
    pub fn rollback(&mut self, at: Timestamp) -> Result<&Manifest> {
        if self.views.len() < 2 {
            return Err(Error::coverage("there is no view to go back to"));
        }
        self.views.pop();
        self.settle(at, "rolled back");
        self.view().ok_or_else(|| Error::coverage("there is no view to go back to"))
    }

    fn install(&mut self, manifest: Manifest, at: Timestamp, how: &str) {
        self.keep(manifest);
        self.settle(at, how);
    }

    pub(super) fn keep(&mut self, manifest: Manifest) {
        let tag = tag(&manifest.view);
        let name = manifest.view.as_str().into();
        let (gaps, behind, places) = (Vec::new(), Vec::new(), Vec::new());
        self.views.push(Retained { manifest, tag, name, after: None, gaps, behind, places });
    }

    /// Lets the stream know what is in service, and go of what no view kept needs.
    fn settle(&mut self, at: Timestamp, how: &str) {
        let surplus = self.views.len().saturating_sub(self.retain);
        self.views.drain(..surplus);
        if let (Some(oldest), Some(current)) = (self.views.first(), self.views.last()) {
            let (keep, seal) = (oldest.manifest.cut.clone(), current.manifest.seal());
            let Manifest { view, cut, .. } = &current.manifest;
            self.publications.push(Publication { view: view.clone(), seal, cut: cut.clone(), at, how: how.to_owned() });
            let later = |waiting: &Manifest| waiting.cut.partial_cmp(cut).is_some_and(std::cmp::Ordering::is_ge);
            self.quarantined.retain(|waiting| waiting.view != *view && later(waiting));
            self.stream.land(&cut.clone(), &keep);
        }
        self.refresh();
    }

    /// Looks again at what the stream has beside each view.
    pub(super) fn refresh(&mut self) {
        self.changes = self.stream.changes();
        for view in &mut self.views {
            let coverage = self.stream.coverage(&view.manifest.cut);
            view.after = self.stream.after(&view.manifest.cut);
            view.behind = coverage.behind;
            view.gaps = coverage.gaps;
            let place = |name: &str| view.manifest.externals.iter().position(|external| external.name == name);
            view.places = self.fields.iter().map(|field| place(field.name())).collect();
        }
    }
}
