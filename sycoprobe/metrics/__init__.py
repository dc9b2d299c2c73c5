"""From readings to numbers: what a metric counts, the table that it counts in, and the estimates that come of it."""
