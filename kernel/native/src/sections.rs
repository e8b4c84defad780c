//! iden3's container: magic, version, then sections of (type, size, bytes) in any order.
//!
//! Nothing is allocated from a size that the file merely claims: every section is a slice of what was read.

use crate::error::{bad, Result};
use std::collections::BTreeMap;

pub struct Sections<'a> {
    name: &'static str,
    sections: BTreeMap<u32, &'a [u8]>,
}

impl<'a> Sections<'a> {
    /// Splits `bytes`; `name` is how the file is called in messages.
    pub fn parse(bytes: &'a [u8], magic: &[u8; 4], version: u32, name: &'static str) -> Result<Self> {
        let mut reader = Reader::new(bytes, name);
        if reader.take(4)? != magic {
            return Err(bad(format!("this is not a {name} file")));
        }
        let found = reader.u32()?;
        if found != version {
            return Err(bad(format!(
                "{name} version {found} is unknown, only {version} is read"
            )));
        }
        let count = reader.u32()?;
        let mut sections = BTreeMap::new();
        for _ in 0..count {
            let kind = reader.u32()?;
            let size = reader.u64()?;
            let size = usize::try_from(size).map_err(|_| {
                bad(format!(
                    "section {kind} of the {name} claims more bytes than the file has"
                ))
            })?;
            if size > reader.rest() {
                return Err(bad(format!(
                    "section {kind} of the {name} claims more bytes than the file has"
                )));
            }
            if sections.insert(kind, reader.take(size)?).is_some() {
                return Err(bad(format!("section {kind} of the {name} stands there twice")));
            }
        }
        if reader.rest() != 0 {
            return Err(bad(format!("the {name} has bytes after its last section")));
        }
        Ok(Self { name, sections })
    }

    pub fn get(&self, kind: u32) -> Result<&'a [u8]> {
        self.sections
            .get(&kind)
            .copied()
            .ok_or_else(|| bad(format!("the {} has no section {kind}", self.name)))
    }

    pub fn reader(&self, kind: u32) -> Result<Reader<'a>> {
        Ok(Reader::new(self.get(kind)?, self.name))
    }

    /// The section, which must hold exactly `count` records of `width` bytes.
    pub fn records(&self, kind: u32, count: u64, width: u64) -> Result<&'a [u8]> {
        let bytes = self.get(kind)?;
        if count.checked_mul(width) != Some(bytes.len() as u64) {
            return Err(bad(format!(
                "section {kind} of the {} has {} bytes where {count} records of {width} belong",
                self.name,
                bytes.len()
            )));
        }
        Ok(bytes)
    }
}

/// A cursor that never reads past its end.
pub struct Reader<'a> {
    bytes: &'a [u8],
    name: &'static str,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], name: &'static str) -> Self {
        Self { bytes, name }
    }

    pub fn rest(&self) -> usize {
        self.bytes.len()
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        if count > self.bytes.len() {
            return Err(bad(format!("the {} ends too early", self.name)));
        }
        let (head, tail) = self.bytes.split_at(count);
        self.bytes = tail;
        Ok(head)
    }

    pub fn u32(&mut self) -> Result<u32> {
        let mut word = [0; 4];
        word.copy_from_slice(self.take(4)?);
        Ok(u32::from_le_bytes(word))
    }

    pub fn u64(&mut self) -> Result<u64> {
        let mut word = [0; 8];
        word.copy_from_slice(self.take(8)?);
        Ok(u64::from_le_bytes(word))
    }

    /// Demands that a field of `width` 32 bytes follows and that it is `modulus`.
    pub fn modulus(&mut self, modulus: &[u8; 32], what: &str) -> Result<()> {
        if self.u32()? != 32 || self.take(32)? != modulus {
            return Err(bad(format!("the {} is not over BN254: its {what} differs", self.name)));
        }
        Ok(())
    }

    pub fn finish(&self) -> Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        Err(bad(format!(
            "a section of the {} is longer than its content",
            self.name
        )))
    }
}

/// Writes the same container. Sections come in the order they are pushed.
pub struct Writer {
    bytes: Vec<u8>,
    count: u32,
}

impl Writer {
    pub fn new(magic: &[u8; 4], version: u32) -> Self {
        let mut bytes = magic.to_vec();
        bytes.extend(version.to_le_bytes());
        bytes.extend(0u32.to_le_bytes());
        Self { bytes, count: 0 }
    }

    pub fn push(&mut self, kind: u32, content: &[u8]) {
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.extend((content.len() as u64).to_le_bytes());
        self.bytes.extend(content);
        self.count += 1;
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.bytes[8..12].copy_from_slice(&self.count.to_le_bytes());
        self.bytes
    }
}
