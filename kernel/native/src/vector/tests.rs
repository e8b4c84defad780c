//! The eight-lane arithmetic is arkworks', element by element, on every path through its bounds.

use super::field::{Element, Rough};
use super::lanes::Lanes;
use super::modulus::{Coordinates, Modulus, Scalars};
use super::{Ifma, Task};
use ark_bn254::{Fq, Fr};
use ark_ff::{AdditiveGroup, BigInt, Field, Fp, MontBackend, MontConfig, PrimeField};

type Prime<T> = Fp<MontBackend<T, 4>, 4>;
type Words = [[u64; 8]; 4];

/// How many elements a test tries; ZKMARGIN_ASSURANCE=long as in the tests of Python.
pub fn size(quick: usize, long: usize) -> usize {
    match std::env::var("ZKMARGIN_ASSURANCE") {
        Ok(value) if value == "long" => long,
        _ => quick,
    }
}

/// A stream of 64-bit words (splitmix64), varied by ZKMARGIN_SEED.
pub struct Stream(u64);

impl Stream {
    pub fn new(name: u64) -> Self {
        let seed = std::env::var("ZKMARGIN_SEED").ok().and_then(|seed| seed.parse().ok());
        Self(seed.unwrap_or(20_261_122u64).wrapping_mul(name))
    }

    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.word() % bound
    }

    pub fn scalar(&mut self) -> Fr {
        let words = [self.word(), self.word(), self.word(), self.word() >> 3];
        Fr::from_bigint(BigInt(words)).unwrap_or_else(|| Fr::from(self.word()))
    }

    /// An element whose kept form is random, or a corner of its range, for one in eight.
    fn element<T: MontConfig<4>>(&mut self) -> Prime<T>
    where
        MontBackend<T, 4>: ark_ff::FpConfig<4>,
    {
        let words = BigInt([self.word(), self.word(), self.word(), self.word() >> 2]);
        match self.below(24) {
            0 => Prime::from(self.below(3)),
            1 => -Prime::from(1 + self.below(3)),
            // Small and large numbers where arithmetic happens: times 2^260, of which arkworks keeps 2^256.
            2 => Prime::<T>::new_unchecked(BigInt::from(self.below(3))) / Prime::from(16u64),
            _ => Prime::from_bigint(words).unwrap_or_else(|| Prime::from(self.word())),
        }
    }
}

/// Runs one operation of eight pairs; `raised` adds p to kept forms, which leaves their elements as they are.
struct Apply<M, F> {
    left: Words,
    right: Words,
    raised: bool,
    operation: F,
    modulus: core::marker::PhantomData<M>,
}

impl<M: Modulus, F: Fn(Ifma, Element<M>, Element<M>) -> Element<M>> Task for Apply<M, F> {
    type Output = Words;

    #[inline(always)]
    fn run(self, ifma: Ifma) -> Words {
        let element = |words: &Words| {
            let element = Element::<M>::from_ark(ifma, words.map(|word| Lanes::load(ifma, &word)));
            let words = element.canonical(ifma).pack().map(|lanes| {
                let mut words = [0; 8];
                lanes.store(&mut words);
                words
            });
            let mut high = words;
            for lane in 0..8 {
                let mut carry = false;
                for (word, p) in high.iter_mut().zip(M::WORDS.0) {
                    let (first, over) = word[lane].overflowing_add(p);
                    let (second, above) = first.overflowing_add(u64::from(carry));
                    word[lane] = second;
                    carry = over || above;
                }
            }
            let chosen = if self.raised { high } else { words };
            Element::unpack(ifma, chosen.map(|word| Lanes::load(ifma, &word)))
        };
        let result = (self.operation)(ifma, element(&self.left), element(&self.right));
        // What is kept must be below 2p whatever it stands for.
        let doubled = result.pack().map(|lanes| {
            let mut words = [0; 8];
            lanes.store(&mut words);
            words
        });
        let mut twice = M::WORDS;
        ark_ff::BigInteger::mul2(&mut twice);
        assert!((0..8usize).all(|lane| BigInt(doubled.map(|words| words[lane])) < twice));
        result.to_ark(ifma).map(|lanes| {
            let mut words = [0; 8];
            lanes.store(&mut words);
            words
        })
    }
}

fn words_of<T: MontConfig<4>>(values: &[Prime<T>]) -> Words
where
    MontBackend<T, 4>: ark_ff::FpConfig<4>,
{
    let mut words = [[0; 8]; 4];
    for (lane, value) in values.iter().enumerate() {
        for (row, word) in words.iter_mut().zip(value.0 .0) {
            row[lane] = word;
        }
    }
    words
}

fn agrees<M: Modulus, T: MontConfig<4>>(
    name: u64,
    ours: impl Fn(Ifma, Element<M>, Element<M>) -> Element<M> + Copy,
    theirs: impl Fn(Prime<T>, Prime<T>) -> Prime<T>,
) where
    MontBackend<T, 4>: ark_ff::FpConfig<4>,
{
    let Some(ifma) = Ifma::detect() else { return };
    let mut stream = Stream::new(name);
    for round in 0..size(10_000, 100_000) / 8 {
        let left: Vec<Prime<T>> = (0..8).map(|_| stream.element()).collect();
        let right: Vec<Prime<T>> = (0..8)
            .map(|lane| {
                if stream.below(16) == 0 {
                    left[lane]
                } else {
                    stream.element()
                }
            })
            .collect();
        let found = ifma.run(Apply {
            left: words_of(&left),
            right: words_of(&right),
            raised: round % 2 == 1,
            operation: ours,
            modulus: core::marker::PhantomData,
        });
        let expected: Vec<Prime<T>> = left.iter().zip(&right).map(|(a, b)| theirs(*a, *b)).collect();
        assert_eq!(found, words_of(&expected), "round {round}");
    }
}

fn all_operations_agree<M: Modulus, T: MontConfig<4>>()
where
    MontBackend<T, 4>: ark_ff::FpConfig<4>,
{
    agrees::<M, T>(1, |ifma, a, b| a.mul(ifma, b), |a, b| a * b);
    agrees::<M, T>(2, |ifma, a, _| a.square(ifma), |a, _| a.square());
    agrees::<M, T>(3, |ifma, a, b| a.add(ifma, b), |a, b| a + b);
    agrees::<M, T>(4, |ifma, a, b| a.sub(ifma, b), |a, b| a - b);
    agrees::<M, T>(5, |ifma, a, _| a.neg(ifma), |a, _| -a);
    agrees::<M, T>(6, |ifma, a, _| a.double(ifma), |a, _| a.double());
    agrees::<M, T>(
        7,
        |ifma, a, b| Rough::total(ifma, [a.rough()], [b.rough(), b.rough()]),
        |a, b| a - b - b,
    );
    agrees::<M, T>(
        8,
        |ifma, a, b| a.loose_sub(ifma, b).mul(ifma, a.loose_add(ifma, b)).carried(ifma),
        |a, b| (a - b) * (a + b),
    );
    agrees::<M, T>(
        9,
        |ifma, a, b| a.loose_sub(ifma, b).square(ifma).carried(ifma),
        |a, b| (a - b).square(),
    );
    agrees::<M, T>(
        10,
        |ifma, a, b| a.sub(ifma, b).select(a.sub(ifma, b).is_zero(ifma), Element::one(ifma)),
        |a, b| if a == b { Prime::from(1u64) } else { a - b },
    );
    agrees::<M, T>(
        11,
        |ifma, a, _| Element::from_plain(ifma, a.to_plain(ifma)).add(ifma, Element::zero(ifma)),
        |a, _| a,
    );
}

#[test]
fn coordinates_are_computed_as_arkworks_does() {
    all_operations_agree::<Coordinates, <Fq as FpType>::Config>();
}

#[test]
fn scalars_are_computed_as_arkworks_does() {
    all_operations_agree::<Scalars, <Fr as FpType>::Config>();
}

/// Names the configuration behind a prime field.
trait FpType {
    type Config: MontConfig<4>;
}

impl<T: MontConfig<4>> FpType for Prime<T>
where
    MontBackend<T, 4>: ark_ff::FpConfig<4>,
{
    type Config = T;
}

#[test]
fn a_transposition_swaps_rows_and_columns() {
    struct Transpose;
    impl Task for Transpose {
        type Output = [[u64; 8]; 8];
        #[inline(always)]
        fn run(self, ifma: Ifma) -> Self::Output {
            let rows = core::array::from_fn(|row| {
                Lanes::load(ifma, &core::array::from_fn(|lane| 8 * row as u64 + lane as u64))
            });
            Lanes::transpose(rows).map(|lanes| {
                let mut words = [0; 8];
                lanes.store(&mut words);
                words
            })
        }
    }
    let Some(ifma) = Ifma::detect() else { return };
    for (column, words) in ifma.run(Transpose).iter().enumerate() {
        assert_eq!(*words, core::array::from_fn(|row| 8 * row as u64 + column as u64));
    }
}

/// Multiples of p, one more and one less, at the very ends of what sums and factors may be.
struct Ends<M>(core::marker::PhantomData<M>);

impl<M: Modulus> Task for Ends<M> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let unit = Element::<M>::splat(ifma, &[1, 0, 0, 0, 0]);
        let times = |factor: usize| Element::<M>::splat(ifma, &M::MULTIPLES.map(|limb| limb[factor]));
        let [zero, one, two] = [times(0), times(1), times(2)];
        let one_less = |factor: usize| {
            let mut limbs = M::MULTIPLES.map(|limb| limb[factor]);
            limbs[0] -= 1; // p is odd and 2p does not end in zero limbs
            Element::<M>::splat(ifma, &limbs)
        };
        let zeros = |element: Element<M>| assert_eq!(element.is_zero(ifma), 0xff);
        let r = |element: Element<M>| element.rough();
        for (a, b, c, last) in [
            (zero, zero, zero, 1),
            (one, zero, one, 1),
            (two, one, two, 1),
            (two, two, two, 1),
            (two, two, two, 2),
        ] {
            zeros(Rough::total(ifma, [r(a), r(b), r(c), r(times(last))], []));
            zeros(Rough::total(ifma, [r(a), r(b)], [r(c), r(times(last))]));
            zeros(Rough::total(ifma, [r(a)], [r(b), r(c), r(times(last))]));
            zeros(Rough::total(ifma, [r(a), r(b), r(c), r(one_less(last))], []).add(ifma, unit));
            zeros(Rough::total(ifma, [r(a)], [r(b), r(c), r(one_less(last))]).sub(ifma, unit));
            zeros(Rough::total(ifma, [r(a), r(unit), r(c), r(times(last))], []).sub(ifma, unit));
            // Up to 8p each, and 64 p² together.
            let factor = Rough::loose_total(ifma, [r(a), r(b), r(c), r(times(last))], []);
            zeros(factor.mul(ifma, factor).carried(ifma));
            zeros(factor.square(ifma).carried(ifma));
            let less = Rough::loose_total(ifma, [r(a), r(b), r(c), r(one_less(last))], []);
            let square = less.square(ifma).carried(ifma);
            zeros(square.sub(ifma, unit.square(ifma)));
            zeros(less.mul(ifma, less).carried(ifma).sub(ifma, square));
        }
        zeros(Rough::total(ifma, [r(two), r(two)], [r(zero), r(zero)]));
    }
}

#[test]
fn sums_and_products_hold_at_the_ends_of_their_bounds() {
    let Some(ifma) = Ifma::detect() else { return };
    ifma.run(Ends::<Coordinates>(core::marker::PhantomData));
    ifma.run(Ends::<Scalars>(core::marker::PhantomData));
}
