"""Small circuits that statements are built from: bits, comparison, Poseidon."""
