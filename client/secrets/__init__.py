"""What must never be lost nor shown: openings on disk, written while the prover works."""
