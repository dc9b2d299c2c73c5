"""Models that read what no rule can, and how far they can be trusted."""
