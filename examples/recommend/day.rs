//! The day after the first night: one evening of one user, a newcomer, a restart, and what is left when a side is gone.

use std::error::Error;
use std::io::Write;

use skewless::merge::Provenance;
use skewless::{Served, Timestamp, Value};

use crate::job::SESSION;
use crate::service::{Service, Store};
use crate::shop::{Event, HOUR, Log, MINUTE, SECOND, midnight};
use crate::show::{Checks, Ladder, brief, clock, heading, line, table};

type Done = Result<(), Box<dyn Error>>;

/// What is shown below the ladder.
const FEATURES: [&str; 5] = ["session_clicks", "session_category", "clicks_30d", "spend_30d", "bought"];

/// The story so far.
pub(crate) struct Story<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) log: Log,
    pub(crate) service: Service,
    pub(crate) checks: Checks,
    /// The user whose evening this is.
    pub(crate) hero: usize,
    /// What this user is looking for.
    pub(crate) wanted: Vec<usize>,
}

/// When the newcomer comes, when the hero comes back, and when sides go.
const NEWCOMER: i64 = midnight(30) + 23 * HOUR;
const RETURN: i64 = NEWCOMER + 20 * MINUTE;
const GONE: i64 = NEWCOMER + 30 * MINUTE;

impl Story<'_> {
    /// Something that happens now: it gets its place in the log and from there to the speed layer.
    fn live(&mut self, user: usize, item: usize, purchase: bool, time: i64) -> Result<(), skewless::Error> {
        let logged = self.log.append(Event { user, item, purchase, time, arrival: time });
        self.service.take(&self.log, &logged).map(drop)
    }

    fn ask(&self, user: usize, as_of: i64) -> Result<Served, skewless::Error> {
        self.service.ask(&self.log.shop, user, as_of, Store::Up)
    }

    fn note(&self, ladder: &mut Ladder, user: usize, what: &str, as_of: i64) -> Result<(), skewless::Error> {
        let served = self.ask(user, as_of)?;
        let ranking = self.service.rank(&self.log.shop, &served);
        ladder.moment((clock(as_of), what), &served, ranking, &FEATURES);
        Ok(())
    }

    /// Lets the log go on and the speed layer read it.
    pub(crate) fn run_until(&mut self, time: i64) -> Result<(), skewless::Error> {
        let from = self.log.run_until(time);
        self.service.take_all(&self.log, from)
    }

    /// Three clicks in a category that the user never cared for, a purchase, one more click, and silence.
    pub(crate) fn evening(&mut self) -> Done {
        let (hero, start) = (self.hero, midnight(30) + 20 * HOUR);
        let (category, items) = self.stranger(hero, start)?;
        let name = self.log.shop.users.get(hero).cloned().unwrap_or_default();
        heading(self.out, &format!("3  An evening of {name}: looking for {category}, out of the blue"))?;
        let mut ladder = Ladder::default();
        self.note(&mut ladder, hero, "before", start)?;
        let mut time = start;
        for (at, item) in items.iter().take(3).enumerate() {
            time += 3 * MINUTE;
            self.live(hero, *item, false, time)?;
            self.note(&mut ladder, hero, &format!("click {}", at + 1), time + SECOND)?;
        }
        time += 2 * MINUTE;
        self.live(hero, items[2], true, time)?;
        self.note(&mut ladder, hero, "buys it", time + SECOND)?;
        let bought = self.ask(hero, time + SECOND)?;
        let gone = !self.service.shown(&self.log.shop, &bought).contains(&items[2]);
        self.checks.note(
            "a purchase ends what was looked for, and what was bought is not shown",
            gone && clicks(&bought) == Some(0),
        );
        time += 5 * MINUTE;
        self.live(hero, items[0], false, time)?;
        self.note(&mut ladder, hero, "clicks on", time + SECOND)?;
        // The log goes on while this user is silent.
        self.run_until(time + SESSION.as_micros())?;
        self.note(&mut ladder, hero, "+2 h", time + SESSION.as_micros())?;
        self.note(&mut ladder, hero, "+2 h 1 us", time + SESSION.as_micros() + 1)?;
        let (on, over) = (time + SESSION.as_micros(), time + SESSION.as_micros() + 1);
        let ends = (clicks(&self.ask(hero, on)?), clicks(&self.ask(hero, over)?)) == (Some(1), Some(0));
        self.checks.note("a session is still on after exactly 2 h of silence, and over 1 us later", ends);
        ladder.show(self.out, &self.log.shop, &FEATURES)?;
        self.wanted = items;
        Ok(())
    }

    /// The category that this user is shown last, and its items from the best on.
    fn stranger(&self, user: usize, as_of: i64) -> Result<(&'static str, Vec<usize>), skewless::Error> {
        let shop = &self.log.shop;
        let ranking: Vec<usize> =
            self.service.rank(shop, &self.ask(user, as_of)?).into_iter().map(|(item, _)| item).collect();
        let mut seen: Vec<&'static str> = Vec::new();
        for item in &ranking {
            if !seen.contains(&shop.category(*item)) {
                seen.push(shop.category(*item));
            }
        }
        let last = seen.last().copied().unwrap_or("");
        Ok((last, ranking.into_iter().filter(|item| shop.category(*item) == last).collect()))
    }

    /// Someone no night has seen: the speed layer makes the embedding.
    pub(crate) fn newcomer(&mut self) -> Done {
        self.run_until(NEWCOMER)?;
        let (user, mut time) = (self.log.shop.users.len() - 1, NEWCOMER);
        let name = self.log.shop.users.get(user).cloned().unwrap_or_default();
        heading(self.out, &format!("4  A newcomer, {name}: in no view yet, so the speed layer makes the embedding"))?;
        let mut lines = vec![line(["", "seen", "embedding", "from", "first five", "", "", "", ""])];
        let mut clicked: Vec<usize> = Vec::new();
        loop {
            let served = self.ask(user, time + SECOND)?;
            let from = served.provenance("embedding").map_or(String::new(), ToString::to_string);
            let seen = format!("{:?}", served.seen());
            let mut cells =
                line([&format!("clicks: {}", clicked.len()), &seen, &brief(served.get("embedding")), &from]);
            let best = self.service.shown(&self.log.shop, &served).into_iter().take(5);
            cells.extend(best.filter_map(|item| Some(self.log.shop.items.get(item)?.name.clone())));
            lines.push(cells);
            let Some(item) = self.wanted.get(clicked.len()).copied().filter(|_| clicked.len() < 2) else { break };
            time += MINUTE;
            self.live(user, item, false, time)?;
            clicked.push(item);
            let made = self.service.fold_in(&clicked);
            let entity = self.log.shop.entity(user);
            self.service.serving.put(&entity, "embedding", &made[..], Timestamp::from_micros(time)?)?;
        }
        table(self.out, &lines)?;
        Ok(())
    }

    /// Two more clicks, so that there is a session when sides are gone.
    pub(crate) fn comes_back(&mut self) -> Result<(), skewless::Error> {
        self.run_until(RETURN)?;
        for (item, time) in self.wanted.clone().into_iter().zip([RETURN, RETURN + 5 * MINUTE]) {
            self.live(self.hero, item, false, time)?;
        }
        self.run_until(GONE)
    }

    /// The process dies and starts from its last bytes; the log gives it again what it had before.
    pub(crate) fn restart(&mut self, again: usize) -> Done {
        heading(self.out, "5  A restart: the log is read again from before the snapshot")?;
        let before = self.everyone(GONE)?;
        let bytes = self.service.serving.snapshot();
        let had = self.service.serving.stream().counters().redelivered;
        self.service = self.service.restarted(&bytes)?;
        self.service.take_all(&self.log, self.log.events.len().saturating_sub(again))?;
        let counters = *self.service.serving.stream().counters();
        let ignored = counters.redelivered - had;
        let same = self.everyone(GONE)? == before;
        writeln!(
            self.out,
            "  snapshot of {} KB; {again} events came again, {ignored} were ignored; {} values {}",
            bytes.len() / 1024,
            before.iter().map(Vec::len).sum::<usize>(),
            if same { "are the same bits" } else { "CHANGED" },
        )?;
        self.checks.note("a restart with redelivery changes no value of any user", same && ignored == again as u64);
        Ok(())
    }

    /// All users' values.
    pub(crate) fn everyone(&self, as_of: i64) -> Result<Vec<Vec<Value>>, skewless::Error> {
        let values = |user| Ok(self.ask(user, as_of)?.into_vector().values().to_vec());
        (0..self.log.shop.users.len()).map(values).collect()
    }

    /// The same question with both sides up, without the batch side, and with a real-time side that stands still.
    pub(crate) fn one_side(&mut self, morning: &Service) -> Done {
        let title = format!("6  At {} one side is gone: every value says what that means for it", clock(GONE));
        heading(self.out, &title)?;
        let shop = &self.log.shop;
        let asked = [
            self.ask(self.hero, GONE)?,
            self.service.ask(shop, self.hero, GONE, Store::Down)?,
            morning.ask(shop, self.hero, GONE, Store::Up)?,
        ];
        let mut lines = vec![line(["", "both sides", "batch store down", "", "stream stuck since 06:00", ""])];
        for (name, value, _) in asked[0].iter() {
            let mut cells = line([name, &brief(Some(value))]);
            for served in &asked[1..] {
                let why = served.degraded().find(|(other, _)| *other == name).map(|(_, why)| why.to_string());
                cells.push(brief(served.get(name)));
                cells.push(why.unwrap_or_else(|| "complete".to_owned()));
            }
            lines.push(cells);
        }
        table(self.out, &lines)?;
        writeln!(self.out)?;
        for (what, service, served) in [
            ("both sides", &self.service, &asked[0]),
            ("no batch: popularity + session", &self.service, &asked[1]),
            ("no real-time: taste alone", morning, &asked[2]),
        ] {
            writeln!(self.out, "  {what:<34}{}", service.first(shop, served, 6))?;
        }
        self.honest(morning)
    }

    /// With a side gone, a feature may call itself complete only if it is what both sides give.
    fn honest(&mut self, morning: &Service) -> Done {
        let (mut claimed, mut wrong, mut admitted) = (0usize, 0usize, 0usize);
        for user in 0..self.log.shop.users.len() {
            let whole = self.ask(user, GONE)?;
            let down = self.service.ask(&self.log.shop, user, GONE, Store::Down)?;
            let stuck = morning.ask(&self.log.shop, user, GONE, Store::Up)?;
            for (name, served) in self.service.set.names().iter().flat_map(|name| [(name, &down), (name, &stuck)]) {
                if served.provenance(name).is_some_and(Provenance::is_complete) {
                    claimed += 1;
                    wrong += usize::from(served.get(name) != whole.get(name));
                } else {
                    admitted += 1;
                }
            }
        }
        let said =
            format!("one side gone: {claimed} features say that they are whole, {admitted} that they may not be");
        let honest = wrong == 0 && claimed > 0 && admitted > 0;
        self.checks.note(format!("{said}; {wrong} wrongly"), honest);
        self.checks.fold("before midnight", &self.service, &self.log, GONE)?;
        Ok(())
    }
}

/// How many clicks are in the session.
fn clicks(served: &Served) -> Option<i64> {
    served.get("session_clicks").and_then(Value::as_i64)
}
