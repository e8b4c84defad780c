"""From a rule to a constraint system: lowering by side, the system and its checker, the witness program."""
