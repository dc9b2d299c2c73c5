"""What may be wrong with probes that fit their schema, found by rule: in one probe, and between probes."""
