//! The sketches that count distinct keys, each behind the same few functions.

use std::hash::{BuildHasher, Hasher};

use datasketches::cpc::{CpcSketch, CpcUnion};
use datasketches::hll::{HllSketch, HllType, HllUnion};
use datasketches::theta::{CompactThetaSketch, ThetaSketch, ThetaSketchBuilder, ThetaUnion, ThetaUnionBuilder};
use hyperloglogplus::{HyperLogLog, HyperLogLogPlus};
use skewless::sketches::Hll;
use xxhash_rust::xxh3::xxh3_64;

/// All of datasketches has 2^12 registers or entries.
const LG_K: u8 = 12;

pub trait Distinct: 'static {
    /// What it is merged into.
    type Union;
    /// Its standard error, as documented.
    const ERROR: f64;

    fn name() -> String;
    fn empty() -> Self;
    fn insert(&mut self, key: u64);
    fn estimate(&mut self) -> f64;
    fn bytes(&mut self) -> Vec<u8>;
    /// A union that this sketch is in.
    fn union(&self) -> Self::Union;
    fn join(union: &mut Self::Union, other: &Self);
    fn close(union: Self::Union) -> Self;
}

pub struct Ours<const PRECISION: u8>(Hll);

impl<const PRECISION: u8> Distinct for Ours<PRECISION> {
    type Union = Hll;
    const ERROR: f64 = if PRECISION == 12 { 0.016_25 } else { 0.008_125 };

    fn name() -> String {
        format!("**skewless `Hll`**, precision {PRECISION}")
    }
    fn empty() -> Self {
        Self(Hll::new(PRECISION).expect("in range"))
    }
    fn insert(&mut self, key: u64) {
        self.0.insert(key as i64);
    }
    fn estimate(&mut self) -> f64 {
        self.0.estimate()
    }
    fn bytes(&mut self) -> Vec<u8> {
        self.0.encode()
    }
    fn union(&self) -> Hll {
        self.0.clone()
    }
    fn join(union: &mut Hll, other: &Self) {
        union.merge(&other.0).expect("one precision");
    }
    fn close(union: Hll) -> Self {
        Self(union)
    }
}

/// XXH3 of 8 bytes, as skewless hashes an integer.
#[derive(Clone, Default)]
pub struct Xxh3(u64);

impl Hasher for Xxh3 {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = xxh3_64(&key.to_le_bytes());
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

impl BuildHasher for Xxh3 {
    type Hasher = Self;
    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

/// The crate hyperloglogplus writes bytes through serde; its hasher is left out of them.
pub struct PlusPlus<const PRECISION: u8>(HyperLogLogPlus<u64, Xxh3>);

impl serde::Serialize for Xxh3 {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_unit()
    }
}

impl<const PRECISION: u8> Distinct for PlusPlus<PRECISION> {
    type Union = HyperLogLogPlus<u64, Xxh3>;
    const ERROR: f64 = 0.016_25;

    fn name() -> String {
        format!("hyperloglogplus, precision {PRECISION}")
    }
    fn empty() -> Self {
        Self(HyperLogLogPlus::new(PRECISION, Xxh3(0)).expect("in range"))
    }
    fn insert(&mut self, key: u64) {
        self.0.insert(&key);
    }
    fn estimate(&mut self) -> f64 {
        self.0.count()
    }
    fn bytes(&mut self) -> Vec<u8> {
        postcard::to_allocvec(&self.0).expect("plain data")
    }
    fn union(&self) -> Self::Union {
        self.0.clone()
    }
    fn join(union: &mut Self::Union, other: &Self) {
        union.merge(&other.0).expect("one precision");
    }
    fn close(union: Self::Union) -> Self {
        Self(union)
    }
}

/// The HLL of datasketches with registers of 4, 6 or 8 bits.
pub struct Packed<const BITS: u8>(HllSketch);

impl<const BITS: u8> Packed<BITS> {
    const TYPE: HllType = match BITS {
        4 => HllType::Hll4,
        6 => HllType::Hll6,
        _ => HllType::Hll8,
    };
}

impl<const BITS: u8> Distinct for Packed<BITS> {
    type Union = HllUnion;
    const ERROR: f64 = 0.016_25;

    fn name() -> String {
        format!("datasketches HLL, lg k {LG_K}, {BITS} bits")
    }
    fn empty() -> Self {
        Self(HllSketch::new(LG_K, Self::TYPE).expect("in range"))
    }
    fn insert(&mut self, key: u64) {
        self.0.update(key);
    }
    fn estimate(&mut self) -> f64 {
        self.0.estimate()
    }
    fn bytes(&mut self) -> Vec<u8> {
        self.0.serialize()
    }
    fn union(&self) -> HllUnion {
        let mut union = HllUnion::new(LG_K).expect("in range");
        union.update(&self.0);
        union
    }
    fn join(union: &mut HllUnion, other: &Self) {
        union.update(&other.0);
    }
    fn close(union: HllUnion) -> Self {
        Self(union.to_sketch(Self::TYPE))
    }
}

/// The compressed probability counting of datasketches.
pub struct Cpc(CpcSketch);

impl Distinct for Cpc {
    type Union = CpcUnion;
    /// Without the history of one stream, which is the looser of its two.
    const ERROR: f64 = 0.693_2 / 64.0;

    fn name() -> String {
        format!("datasketches CPC, lg k {LG_K}")
    }
    fn empty() -> Self {
        Self(CpcSketch::new(LG_K).expect("in range"))
    }
    fn insert(&mut self, key: u64) {
        self.0.update(key);
    }
    fn estimate(&mut self) -> f64 {
        self.0.estimate()
    }
    fn bytes(&mut self) -> Vec<u8> {
        self.0.serialize()
    }
    fn union(&self) -> CpcUnion {
        let mut union = CpcUnion::new(LG_K).expect("in range");
        union.update(&self.0).expect("one seed");
        union
    }
    fn join(union: &mut CpcUnion, other: &Self) {
        union.update(&other.0).expect("one seed");
    }
    fn close(union: CpcUnion) -> Self {
        Self(union.to_sketch())
    }
}

/// The theta sketch of datasketches, which also intersects.
pub enum Theta {
    Open(ThetaSketch),
    Closed(CompactThetaSketch),
}

impl Distinct for Theta {
    type Union = ThetaUnion;
    const ERROR: f64 = 1.0 / 64.0;

    fn name() -> String {
        format!("datasketches theta, lg k {LG_K}")
    }
    fn empty() -> Self {
        Self::Open(ThetaSketchBuilder::default().lg_k(LG_K).build().expect("in range"))
    }
    fn insert(&mut self, key: u64) {
        if let Self::Open(sketch) = self {
            sketch.update(key);
        }
    }
    fn estimate(&mut self) -> f64 {
        match self {
            Self::Open(sketch) => sketch.estimate(),
            Self::Closed(sketch) => sketch.estimate(),
        }
    }
    fn bytes(&mut self) -> Vec<u8> {
        match self {
            Self::Open(sketch) => sketch.compact(true).serialize(),
            Self::Closed(sketch) => sketch.serialize(),
        }
    }
    fn union(&self) -> ThetaUnion {
        let mut union = ThetaUnionBuilder::default().lg_k(LG_K).build().expect("in range");
        Self::join(&mut union, self);
        union
    }
    fn join(union: &mut ThetaUnion, other: &Self) {
        match other {
            Self::Open(sketch) => union.update(sketch).expect("one seed"),
            Self::Closed(sketch) => union.update(sketch).expect("one seed"),
        }
    }
    fn close(union: ThetaUnion) -> Self {
        Self::Closed(union.to_sketch(true))
    }
}
