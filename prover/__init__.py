"""How a statement is proven: witness, set-up, keys, openings."""
