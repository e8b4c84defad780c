//! Single kernels of ours and of arkworks on prepared points, and arkworks' whole proof: benchmarks/ runs it beside gnark-crypto.
//!
//! Usage: kernels draw POINTS | kernels sums ours|arkworks POINTS ROUNDS | kernels prove KEY.zkey WITNESS.wtns ROUNDS
//!
//! One JSON document on stdout: milliseconds of every round, and what came out, for the caller to compare.

mod clock;
mod proof;
mod sums;

use std::env::args;
use std::fs::{read, write};

/// The errors of two libraries, told in one way.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let given: Vec<String> = args().skip(1).filter(|one| one != "--bench").collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let told = match given[..] {
        ["draw", points] => return Ok(write(points, sums::draw()?)?),
        ["sums", whose @ ("ours" | "arkworks"), points, rounds] => {
            let drawn = sums::Drawn::read(&read(points)?)?;
            let kernels = if whose == "ours" { sums::ours } else { sums::arkworks };
            kernels(&drawn, rounds.parse()?)?
        }
        ["prove", zkey, wtns, rounds] => proof::arkworks(&read(zkey)?, &read(wtns)?, rounds.parse()?)?,
        _ => return Err("kernels draw POINTS | sums ours|arkworks POINTS ROUNDS | prove KEY WITNESS ROUNDS".into()),
    };
    println!("{{{}}}", told.join(", "));
    Ok(())
}
