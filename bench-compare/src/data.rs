//! Inputs: the same on every machine.

/// splitmix64.
#[derive(Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// 64 random bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number below `n`, which is not zero.
    pub fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }

    /// From 0 up to 1.
    pub fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A draw from the standard normal distribution, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        (-2.0 * libm::log(u)).sqrt() * libm::cos(std::f64::consts::TAU * v)
    }

    /// Puts items into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

/// `count` different keys.
pub fn keys(seed: u64, count: usize) -> Vec<u64> {
    let mut dice = Dice(seed);
    (0..count).map(|_| dice.roll()).collect()
}

/// `count` draws from `keys`, the i-th with a weight of `(i + 1)^-exponent`.
pub fn zipf(seed: u64, keys: &[u64], exponent: f64, count: usize) -> Vec<u64> {
    let mut sum = 0.0;
    let below: Vec<f64> = (1..=keys.len())
        .map(|i| {
            sum += libm::pow(i as f64, -exponent);
            sum
        })
        .collect();
    let mut dice = Dice(seed);
    let draw = |dice: &mut Dice| {
        let at = dice.unit() * sum;
        keys[below.partition_point(|edge| *edge <= at).min(keys.len() - 1)]
    };
    (0..count).map(|_| draw(&mut dice)).collect()
}

/// `count` latencies in milliseconds: log-normal, a median of 20 and a long tail.
pub fn latencies(seed: u64, count: usize) -> Vec<f64> {
    let mut dice = Dice(seed);
    (0..count).map(|_| 20.0 * libm::exp(1.2 * dice.normal())).collect()
}

/// Thirty ways to take the same items in: ten in one go, each in an order of its own, and twenty in two to eight
/// parts that are then merged one after another.
pub fn ways<T: Clone>(items: &[T]) -> Vec<Vec<Vec<T>>> {
    let mut dice = Dice(30);
    (0..30)
        .map(|way| {
            let mut items = items.to_vec();
            dice.shuffle(&mut items);
            let count = if way < 10 { 1 } else { 2 + way % 7 };
            let mut parts = vec![Vec::new(); count];
            for item in items {
                parts[dice.below(count as u64) as usize].push(item);
            }
            parts
        })
        .collect()
}
