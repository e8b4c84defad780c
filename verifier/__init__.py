"""How a proof is checked: keys, proofs, tables, off chain and on chain."""
