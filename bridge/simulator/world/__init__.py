"""The world: its records, its clock, its history and its ledger."""
