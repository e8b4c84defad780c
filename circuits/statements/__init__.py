"""Statements: what a proof says, built from a rule and a commitment."""
