"""What calls cost: prices, budgets, what was spent."""
