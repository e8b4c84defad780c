//! Numbers of eight lanes in limbs of 52 bits, before anything is known of a modulus.

use super::lanes::{Lanes, Mask};
use super::modulus::LIMB;
use super::Ifma;

/// The same number in every lane.
#[inline(always)]
pub fn constant<const N: usize>(ifma: Ifma, limbs: &[u64; N]) -> [Lanes; N] {
    let mut out = [Lanes::splat(ifma, 0); N];
    for (lanes, limb) in out.iter_mut().zip(limbs) {
        *lanes = Lanes::splat(ifma, *limb);
    }
    out
}

/// Limb by limb; whoever needs limbs in their range carries.
#[inline(always)]
pub fn sum<const N: usize>(mut a: [Lanes; N], b: [Lanes; N]) -> [Lanes; N] {
    for (a, b) in a.iter_mut().zip(b) {
        *a = *a + b;
    }
    a
}

/// Limb by limb, so that limbs may be below zero.
#[inline(always)]
pub fn difference<const N: usize>(mut a: [Lanes; N], b: [Lanes; N]) -> [Lanes; N] {
    for (a, b) in a.iter_mut().zip(b) {
        *a = *a - b;
    }
    a
}

/// Carries limbs out of range, signed ones too, into the next; the top limb keeps the sign.
#[inline(always)]
pub fn carried(ifma: Ifma, limbs: [Lanes; 5]) -> [Lanes; 5] {
    masked(ifma, half_carried(limbs))
}

/// The same for a factor, of whose limbs the low 52 bits count: what has been carried may stay.
#[inline(always)]
pub fn half_carried(mut limbs: [Lanes; 5]) -> [Lanes; 5] {
    for i in 0..4 {
        limbs[i + 1] = limbs[i + 1] + limbs[i].shift_right_signed::<52>();
    }
    limbs
}

/// What is left of limbs whose carries have been passed on.
#[inline(always)]
pub fn masked(ifma: Ifma, mut limbs: [Lanes; 5]) -> [Lanes; 5] {
    let mask = Lanes::splat(ifma, LIMB);
    for limb in &mut limbs[..4] {
        *limb = limb.and(mask);
    }
    limbs
}

/// Words of 64 bits as limbs.
#[inline(always)]
pub fn split(ifma: Ifma, w: [Lanes; 4]) -> [Lanes; 5] {
    let mask = Lanes::splat(ifma, LIMB);
    [
        w[0].and(mask),
        w[0].shift_right_pair::<52>(w[1]).and(mask),
        w[1].shift_right_pair::<40>(w[2]).and(mask),
        w[2].shift_right_pair::<28>(w[3]).and(mask),
        w[3].shift_right::<16>(),
    ]
}

/// Limbs in their range as words of 64 bits.
#[inline(always)]
pub fn join(l: [Lanes; 5]) -> [Lanes; 4] {
    [
        l[0].or(l[1].shift_left::<52>()),
        l[1].shift_right::<12>().or(l[2].shift_left::<40>()),
        l[2].shift_right::<24>().or(l[3].shift_left::<28>()),
        l[3].shift_right::<36>().or(l[4].shift_left::<16>()),
    ]
}

/// Limb by limb, `there` where the mask has a one.
#[inline(always)]
pub fn select<const N: usize>(mut here: [Lanes; N], mask: Mask, there: [Lanes; N]) -> [Lanes; N] {
    for (here, there) in here.iter_mut().zip(there) {
        *here = here.select(mask, there);
    }
    here
}
