//! Which instructions the kernel computes with: the processor's best, or what ZKMARGIN_KERNEL_PATH asks for.

#[cfg(target_arch = "x86_64")]
use crate::vector::Ifma;
use std::sync::OnceLock;

pub const VARIABLE: &str = "ZKMARGIN_KERNEL_PATH";

#[derive(Clone, Copy)]
pub enum Path {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Ifma(Ifma),
}

impl Path {
    #[cfg(target_arch = "x86_64")]
    pub fn ifma(self) -> Option<Ifma> {
        match self {
            Self::Ifma(ifma) => Some(ifma),
            Self::Portable => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "native",
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(_) => "native-ifma",
        }
    }
}

/// The path of this process, settled when first asked; without one that was asked for, it is portable.
pub fn path() -> Path {
    checked_path().unwrap_or(Path::Portable)
}

/// The path, or a sentence on why the one asked for cannot be had: whoever loads the kernel asks here first.
pub fn checked_path() -> Result<Path, String> {
    static PATH: OnceLock<Result<Path, String>> = OnceLock::new();
    PATH.get_or_init(|| choose(std::env::var(VARIABLE).ok().as_deref().unwrap_or(""), best()))
        .clone()
}

fn best() -> Path {
    #[cfg(target_arch = "x86_64")]
    if let Some(ifma) = Ifma::detect() {
        return Path::Ifma(ifma);
    }
    Path::Portable
}

fn choose(asked: &str, best: Path) -> Result<Path, String> {
    match (asked, best) {
        ("", best) => Ok(best),
        ("portable", _) => Ok(Path::Portable),
        #[cfg(target_arch = "x86_64")]
        ("ifma", Path::Ifma(_)) => Ok(best),
        ("ifma", _) => Err(format!("{VARIABLE} is ifma, and this processor has no AVX-512 IFMA")),
        _ => Err(format!("{VARIABLE} is {asked:?}: there are only portable and ifma")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_that_exists_is_taken() {
        let name = |asked, best| choose(asked, best).map(Path::name);
        assert_eq!(name("", Path::Portable), Ok("native"));
        assert_eq!(name("portable", best()), Ok("native"));
        assert!(name("ifma", Path::Portable).is_err());
        assert!(name("avx2", best()).is_err());
        assert_eq!(name("", best()), Ok(best().name()));
        assert_eq!(name("ifma", best()).is_ok(), best().name() == "native-ifma");
    }
}
