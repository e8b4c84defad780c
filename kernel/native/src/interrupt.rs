//! Long work off the interpreter's thread, so that other threads run and Ctrl-C is honoured.

use crate::error::{Fault, Result};
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{channel, RecvTimeoutError};
use std::time::Duration;

const POLL: Duration = Duration::from_millis(20);

/// Runs `work` on a thread of its own; a signal raises its flag, and it stops between its stages.
pub fn interruptible<T, F>(py: Python<'_>, work: F) -> PyResult<T>
where
    T: Send,
    F: FnOnce(&AtomicBool) -> Result<T> + Send,
{
    let cancel = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (sender, mut receiver) = channel();
        let flag = &cancel;
        let worker = scope.spawn(move || {
            // The receiver lives until this scope ends, so sending cannot fail.
            let _ = sender.send(work(flag));
        });
        let mut signal = None;
        loop {
            let waiting = &mut receiver;
            match py.detach(move || waiting.recv_timeout(POLL)) {
                Ok(result) => {
                    return match signal {
                        Some(error) => Err(error),
                        None => result.map_err(|fault| python_error(py, fault)),
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let (None, Err(error)) = (&signal, py.check_signals()) {
                        cancel.store(true, Ordering::Relaxed);
                        signal = Some(error);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    // A panic ends here: joined, it does not spread to the interpreter's thread.
                    let _ = worker.join();
                    return Err(PyRuntimeError::new_err("the kernel's worker thread died"));
                }
            }
        }
    })
}

/// The exception of `zkmargin.kernel.errors` for a fault.
pub fn python_error(py: Python<'_>, fault: Fault) -> PyErr {
    match fault {
        Fault::Format { code, message } => format_error(py, code, &message).unwrap_or_else(|error| error),
        Fault::Io(message) => PyOSError::new_err(message),
        Fault::Cancelled => PyKeyboardInterrupt::new_err(()),
    }
}

fn format_error(py: Python<'_>, code: &str, message: &str) -> PyResult<PyErr> {
    let class = py.import("zkmargin.kernel.errors")?.getattr("FormatError")?;
    let keywords: Bound<'_, PyDict> = [("code", code)].into_py_dict(py)?;
    Ok(PyErr::from_value(class.call((message,), Some(&keywords))?))
}
