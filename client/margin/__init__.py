"""What an account's margin is made of: report, terms, scenarios, distances, trades, comparison, disclosure."""
