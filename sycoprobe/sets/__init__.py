"""What is asked: probes, sets, wordings, imports and generators."""
