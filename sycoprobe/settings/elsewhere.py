"""What other tools call our settings: by these words a wrong name is recognised, and answered with the right one."""

from __future__ import annotations

ELSEWHERE = {
    "sets": "set dataset datasets task tasks data",
    "kind": "kinds probe-kind probe-kinds type",
    "n": "limit samples num max-samples items count size questions probes sample-size num-samples num-examples number",
    "repeats": "repeat runs epochs trials attempts num-repeats",
    "answer": "format answer-format form",
    "system": "system-prompt system-message prompt instructions",
    "cluster": "clusters",
    "until_decided": "sequential early-stop early-stopping until",
    "model": "models model-name engine deployment",
    "base_url": "url api-base api-url base endpoint host server address model-url openai-base-url",
    "api_key_env": "api-key key token apikey openai-api-key",
    "headers": "headers extra-headers",
    "body": "extra-body request-body model-args",
    "temperature": "temp",
    "reply_tokens": "max-new-tokens max-completion-tokens max-output-tokens max-gen-toks completion-tokens reply-limit",
    "effort": "reasoning-effort reasoning",
    "logprobs": "logprob top-logprobs",
    "concurrency": "workers threads parallel jobs max-connections num-workers num-threads batch-size",
    "retries": "max-retries retry",
    "timeout": "request-timeout",
    "out": "output output-dir out-dir outdir dir folder log-dir output-path results",
    "name": "run-name run-id title label",
    "html": "page report-html write-html",
    "max_calls": "call-limit max-requests",
    "max_cost": "budget max-budget cost-limit max-dollars",
    "max_time": "time-limit deadline",
    "prices": "price pricing",
    "rules": "threshold thresholds limits fail-under",
    "on_inconclusive": "inconclusive",
    "error_tolerance": "fail-on-error max-errors tolerance",
}
"""By setting: words with spaces between them."""


def words_for(setting: str) -> list[str]:
    """What other tools call a setting."""
    return ELSEWHERE.get(setting, "").split()
