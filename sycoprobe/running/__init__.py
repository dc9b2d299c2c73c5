"""Plan x backend -> journal: asks everything that is still missing, live or in a vendor's batches."""
