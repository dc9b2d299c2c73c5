"""May it ship? Rules, decisions, baselines, comparisons, the gate against itself."""
