"""Small circuits that statements are built from: bits, slots, packed fields, Poseidon, Baby Jubjub, escrow."""
