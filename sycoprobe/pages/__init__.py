"""Pages of HTML that open from disk, ask nothing of any network, and show whatever a model said as text."""
