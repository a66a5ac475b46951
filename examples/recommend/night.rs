//! The night after: the embedding job is cut short, the gate keeps its view out, and the repaired one lands.

use std::error::Error;

use skewless::merge::{Decision, Verdict};
use skewless::{Timestamp, Value};

use crate::day::Story;
use crate::job::{self, Night, Published};
use crate::model::{self, Model};
use crate::service::Store;
use crate::shop::{HOUR, MINUTE, midnight};
use crate::show::{self, brief, heading, line, moment, table};

type Done = Result<(), Box<dyn Error>>;

/// When the job that fails is run, and when the repaired one.
const BROKEN: i64 = midnight(31) + 3 * HOUR;
const REPAIRED: i64 = midnight(31) + 4 * HOUR;

impl Story<'_> {
    /// The incident from beginning to end.
    pub(crate) fn incident(&mut self, night: &str, parent: &str) -> Done {
        heading(self.out, "7  The next night, 3 a.m.: the embedding job dies at 40 %")?;
        self.run_until(midnight(31))?;
        // Where the log is now is the cut; the speed layer is told before it reads on.
        let cut = self.log.positions();
        self.service.serving.announce(cut.clone())?;
        let model = model::train(&self.log, 2);
        let names = [1, 2, 3].map(|run| format!("{night} run {run}"));
        let plan = |at: usize, written| Night { view: &names[at], parent: Some(parent), made_at: BROKEN, written };
        let broken = job::publish(&self.service.set, &self.log, &cut, &model, plan(0, 0.4))?;
        let mut short = job::publish(&self.service.set, &self.log, &cut, &model, plan(1, 1.0))?;
        if let Some((_, bytes)) = short.files.get_mut(2) {
            bytes.truncate(bytes.len() / 3);
        }
        let night = Night { made_at: REPAIRED, ..plan(2, 1.0) };
        let repaired = job::publish(&self.service.set, &self.log, &cut, &model, night)?;
        self.run_until(BROKEN)?;
        self.refused(&broken, &short, &model)?;
        self.run_until(REPAIRED)?;
        self.land(&repaired, &model)
    }

    /// Two broken views are offered, and nothing that is served changes.
    fn refused(&mut self, broken: &Published, short: &Published, model: &Model) -> Done {
        let (before, shown) = (self.everyone(BROKEN)?, self.all_shown(BROKEN)?);
        let verdicts =
            [self.service.offer(broken, &model.items, BROKEN)?, self.service.offer(short, &model.items, BROKEN)?];
        show::verdict(self.out, "offered: a view in which 40 % of the users have their embedding", &verdicts[0])?;
        show::verdict(self.out, "offered: a whole one, of which one file was cut short on its way", &verdicts[1])?;
        let refused = |verdict: &Verdict, decision| verdict.decision == decision;
        self.checks.note(
            "the view with missing embeddings is quarantined, the one with a short file rejected",
            refused(&verdicts[0], Decision::Quarantine) && refused(&verdicts[1], Decision::Reject),
        );
        let same = self.everyone(BROKEN)? == before && self.all_shown(BROKEN)? == shown;
        let served = self.service.ask(&self.log.shop, self.hero, BROKEN, Store::Up)?;
        writeln!(
            self.out,
            "\n  view {} stays in service, with everything since: the vector of {} is {}; the lists of {} users are {}",
            served.view().unwrap_or("nothing"),
            self.log.shop.users[self.hero],
            if served.is_complete() { "complete" } else { "DEGRADED" },
            shown.len(),
            if same { "unchanged" } else { "CHANGED" },
        )?;
        self.checks.note("a refused view changes no value and no list of any user", same && served.is_complete());
        self.overwritten(broken)
    }

    /// What if the job had written over the store that is served from, before the gate had a say?
    fn overwritten(&mut self, broken: &Published) -> Done {
        let (user, at) = (self.log.shop.entity(self.hero), Timestamp::from_micros(BROKEN)?);
        let served = self.service.serving.vector(&user, at, broken.open(&self.service.set)?.lookup(&user))?;
        let why = served.degraded().next().map_or("nothing".to_owned(), |(_, why)| why.to_string());
        let (bad, all) = (served.degraded().count(), served.iter().count());
        writeln!(self.out, "  had it written over the store itself: {bad} of {all} values degraded ({why})")?;
        Ok(())
    }

    /// What every user is shown.
    fn all_shown(&self, as_of: i64) -> Result<Vec<Vec<usize>>, skewless::Error> {
        let shop = &self.log.shop;
        let shown = |user| Ok(self.service.shown(shop, &self.service.ask(shop, user, as_of, Store::Up)?));
        (0..shop.users.len()).map(shown).collect()
    }

    /// All users' features, without what no fold gives.
    fn features(&self, as_of: i64) -> Result<Vec<Vec<Value>>, skewless::Error> {
        let ask = |user| self.service.ask(&self.log.shop, user, as_of, Store::Up);
        (0..self.log.shop.users.len()).map(|user| Ok(show::folded(&self.service.set, &ask(user)?))).collect()
    }

    /// The repaired view lands, and is gone back from.
    fn land(&mut self, repaired: &Published, model: &Model) -> Done {
        heading(
            self.out,
            "8  The repaired view lands, and is gone back from: features stay, embeddings follow the view",
        )?;
        let as_of = REPAIRED + 10 * MINUTE;
        self.run_until(as_of)?;
        let old = self.features(as_of)?;
        let mut lines = vec![line(["", "", "view", "embedding", "from", "clicks_30d", "from", "first four"])];
        let newcomer = self.log.shop.users.len() - 1;
        lines.push(self.state_of("before", self.hero, as_of)?);
        lines.push(self.state_of("", newcomer, as_of)?);
        let verdict = self.service.offer(repaired, &model.items, REPAIRED)?;
        let landed = self.features(as_of)?;
        lines.push(self.state_of(&format!("{:?}", verdict.decision), self.hero, as_of)?);
        lines.push(self.state_of("", newcomer, as_of)?);
        self.checks.fold("on the new view", &self.service, &self.log, as_of)?;
        self.service.serving.rollback(Timestamp::from_micros(as_of)?)?;
        let back = self.features(as_of)?;
        lines.push(self.state_of("rolled back", self.hero, as_of)?);
        lines.push(self.state_of("", newcomer, as_of)?);
        table(self.out, &lines)?;
        writeln!(self.out)?;
        for publication in self.service.serving.publications() {
            let at = moment(publication.at.as_micros());
            writeln!(self.out, "  {at}  {:<24}  {}", publication.view, publication.how)?;
        }
        let accepted = verdict.decision == Decision::Accept;
        self.checks
            .note("the repaired view is accepted, and no feature of any user changes", accepted && landed == old);
        self.checks.note("after going back every feature of every user has the same bits again", back == old);
        self.checks.fold("after going back", &self.service, &self.log, as_of).map_err(Into::into)
    }

    /// A line of what one user has now.
    fn state_of(&self, what: &str, user: usize, as_of: i64) -> Result<Vec<String>, skewless::Error> {
        let served = self.service.ask(&self.log.shop, user, as_of, Store::Up)?;
        let from = |name: &str| served.provenance(name).map_or(String::new(), ToString::to_string);
        Ok(line([
            what,
            &self.log.shop.users[user],
            served.view().unwrap_or("none"),
            &brief(served.get("embedding")),
            &from("embedding"),
            &brief(served.get("clicks_30d")),
            &from("clicks_30d"),
            &self.service.first(&self.log.shop, &served, 4),
        ]))
    }
}
