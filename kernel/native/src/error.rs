//! One error for everything the kernel refuses: a stable word for machines and one plain sentence.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A file, a key, a proof or a witness is malformed.
    Format { code: &'static str, message: String },
    /// The operating system refused a file.
    Io(String),
    /// The caller asked to stop.
    Cancelled,
}

pub type Result<T> = std::result::Result<T, Fault>;

/// A malformed thing, with its code.
pub fn malformed(code: &'static str, message: impl Into<String>) -> Fault {
    Fault::Format {
        code,
        message: message.into(),
    }
}

/// A malformed thing for which no caller needs a code of its own.
pub fn bad(message: impl Into<String>) -> Fault {
    malformed("bad-format", message)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Format { message, .. } | Fault::Io(message) => f.write_str(message),
            Fault::Cancelled => f.write_str("the work was stopped"),
        }
    }
}

impl std::error::Error for Fault {}
