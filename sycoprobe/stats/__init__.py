"""Numbers that know nothing of models: intervals, bets, agreement, power."""
