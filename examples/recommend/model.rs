//! The slow half of a recommender: factors of users and items, learned from the whole log in many passes.
//!
//! Bayesian personalised ranking: whatever a user clicked should score higher than what the user did not.

use crate::dice::Dice;
use crate::shop::{Event, Log};

/// How long an embedding is.
pub(crate) const FACTORS: usize = 12;
/// How many passes over the log a night allows.
const PASSES: usize = 16;
/// How far a step goes, and how strongly factors are held near nothing.
const STEP: f64 = 0.05;
const DECAY: f64 = 0.01;
/// How many items are shown, and so how far a hit counts.
pub(crate) const SHOWN: usize = 20;

/// What the service needs to score items for users: it lies beside the view that has the users' embeddings.
#[derive(Clone, Debug)]
pub(crate) struct Items {
    pub(crate) factors: Vec<[f64; FACTORS]>,
    pub(crate) bias: Vec<f64>,
    /// How often each was clicked: all that is known for users without an embedding.
    pub(crate) clicks: Vec<u32>,
}

/// What a night's training gives.
#[derive(Debug)]
pub(crate) struct Model {
    /// For each user with a click.
    pub(crate) users: Vec<Option<[f64; FACTORS]>>,
    pub(crate) items: Items,
    /// How it went, after each pass.
    pub(crate) passes: Vec<Quality>,
    /// What recommending the most clicked items to everyone would give.
    pub(crate) popularity: Quality,
    pub(crate) learned_from: usize,
    pub(crate) held_out: usize,
}

/// How good a ranking is at what it did not see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quality {
    /// The mean loss of the pass.
    pub(crate) loss: f64,
    /// How often a held-out item is ranked above one that was never clicked.
    pub(crate) auc: f64,
    /// How often it is among those shown.
    pub(crate) hits: f64,
}

/// What is learned from and what is kept back to test on.
struct Split {
    train: Vec<(usize, usize)>,
    held_out: Vec<(usize, usize)>,
    /// For each user, which items are in `train`.
    known: Vec<Vec<bool>>,
}

/// Keeps back each user's last new item; what was clicked of it is not learned from.
fn split(log: &Log) -> Split {
    let (users, items) = (log.shop.users.len(), log.shop.items.len());
    let mut order: Vec<&Event> = log.events.iter().map(|logged| &logged.event).collect();
    order.sort_by_key(|event| event.time);
    let mut seen = vec![vec![false; items]; users];
    let mut last = vec![None; users];
    for event in &order {
        let slot = &mut seen[event.user][event.item];
        if !std::mem::replace(slot, true) {
            last[event.user] = Some(event.item);
        }
    }
    let held_out: Vec<(usize, usize)> = (0..users).filter_map(|user| Some((user, last[user]?))).collect();
    held_out.iter().for_each(|(user, item)| seen[*user][*item] = false);
    let train = order.iter().map(|event| (event.user, event.item)).filter(|(user, item)| seen[*user][*item]);
    Split { train: train.collect(), held_out, known: seen }
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Learns from everything that is in the log.
pub(crate) fn train(log: &Log, seed: u64) -> Model {
    let mut dice = Dice::new(seed);
    let split = split(log);
    let mut fresh = |_| -> [f64; FACTORS] { std::array::from_fn(|_| 0.1 * dice.normal()) };
    let mut users: Vec<[f64; FACTORS]> = (0..log.shop.users.len()).map(&mut fresh).collect();
    let factors: Vec<[f64; FACTORS]> = (0..log.shop.items.len()).map(&mut fresh).collect();
    let mut clicks = vec![0; factors.len()];
    split.train.iter().for_each(|(_, item)| clicks[*item] += 1);
    let mut items = Items { bias: vec![0.0; factors.len()], factors, clicks };
    let popularity = quality(&split, 0.0, |_, item| f64::from(items.clicks[item]));
    let mut passes = Vec::with_capacity(PASSES);
    for _ in 0..PASSES {
        let loss = pass(&split, &mut users, &mut items, &mut dice);
        passes.push(quality(&split, loss, |user, item| items.score(&users[user], item)));
    }
    let has = |user: usize| split.known[user].contains(&true);
    let users = users.iter().enumerate().map(|(user, factors)| has(user).then_some(*factors)).collect();
    Model { users, items, passes, popularity, learned_from: split.train.len(), held_out: split.held_out.len() }
}

impl Items {
    /// How much someone with this embedding likes an item.
    pub(crate) fn score(&self, embedding: &[f64], item: usize) -> f64 {
        dot(embedding, &self.factors[item]) + self.bias[item]
    }
}

/// One pass: as many steps as there are events, each away from a wrong order of two items. Returns the mean loss.
fn pass(split: &Split, users: &mut [[f64; FACTORS]], items: &mut Items, dice: &mut Dice) -> f64 {
    let (mut loss, mut steps) = (0.0, 0usize);
    for _ in 0..split.train.len() {
        let (user, liked) = split.train[dice.below(split.train.len())];
        let other = dice.below(items.factors.len());
        if split.known[user][other] {
            continue;
        }
        let ahead = items.score(&users[user], liked) - items.score(&users[user], other);
        loss += libm::log1p(libm::exp(-ahead));
        steps += 1;
        let push = STEP / (1.0 + libm::exp(ahead));
        let (u, a, b) = (users[user], items.factors[liked], items.factors[other]);
        let keep = 1.0 - STEP * DECAY;
        users[user] = std::array::from_fn(|at| keep * u[at] + push * (a[at] - b[at]));
        items.factors[liked] = std::array::from_fn(|at| keep * a[at] + push * u[at]);
        items.factors[other] = std::array::from_fn(|at| keep * b[at] - push * u[at]);
        items.bias[liked] = keep * items.bias[liked] + push;
        items.bias[other] = keep * items.bias[other] - push;
    }
    loss / steps.max(1) as f64
}

/// How well `score` ranks what was held out among what the user has not clicked.
fn quality(split: &Split, loss: f64, score: impl Fn(usize, usize) -> f64) -> Quality {
    let (mut auc, mut hits) = (0.0, 0.0);
    for (user, wanted) in &split.held_out {
        let target = score(*user, *wanted);
        let others = (0..split.known[*user].len()).filter(|item| item != wanted && !split.known[*user][*item]);
        let (mut above, mut all) = (0usize, 0usize);
        for other in others {
            all += 1;
            above += usize::from(score(*user, other) >= target);
        }
        auc += 1.0 - above as f64 / all.max(1) as f64;
        hits += f64::from(u8::from(above < SHOWN));
    }
    let users = split.held_out.len().max(1) as f64;
    Quality { loss, auc: auc / users, hits: hits / users }
}
