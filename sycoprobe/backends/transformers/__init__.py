"""Weights on this machine through Hugging Face transformers and torch: `-m hf:PATH_OR_ID`, many dialogs in one batch.

Calls that wait at the same time are answered together: one forward pass gives each of them its next token. What is and what is
not reproducible: each row draws its tokens with its own generator, seeded by its call, and has its own limit and end, so that
it does not matter what stands beside it in the batch, except that the sums behind a logit may be added up in another order. That
changes logits by float noise, which can turn the choice between two tokens that are all but equally likely; hardly ever in
float32, now and then in bfloat16. `--concurrency 1` rules it out on one machine.

Kept simple on purpose: the branches of one conversation do not share the work on their common prefix, a row that is done
idles until its batch is, and the weights stand on one device. Code that comes with a model is never executed.
"""

from sycoprobe.backends.transformers.backend import TransformersBackend, open_backend

__all__ = ["TransformersBackend", "open_backend"]
