"""Rule sets, rounds, facts and decisions; durable_rules inside its fence."""
