"""Chains to deploy to and read from: embedded, anvil, RPC; deployment, large tables, risk oracles."""
