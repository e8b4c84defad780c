//! Rounds by the clock and by processor time.

use rustix::time::{clock_gettime, ClockId};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Times some rounds after a first one that is not counted; the last one's result, and the times as a JSON object.
pub fn clock<T>(rounds: usize, mut work: impl FnMut() -> T) -> (T, String) {
    let mut made = black_box(work());
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (start, busy) = (Instant::now(), processor_time());
        made = black_box(work());
        wall.push(milliseconds(start.elapsed()));
        cpu.push(milliseconds(processor_time() - busy));
    }
    (made, format!("{{\"wall\": {wall:?}, \"cpu\": {cpu:?}}}"))
}

fn milliseconds(time: Duration) -> f64 {
    1e3 * time.as_secs_f64()
}

/// What this process has used of all cores.
fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
