"""Margin rules: the language they are written in, and one file a family."""
