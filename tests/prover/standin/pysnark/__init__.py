"""A stand-in for PySNARK, written for these tests: it calls a backend the way PySNARK's runtime does."""
