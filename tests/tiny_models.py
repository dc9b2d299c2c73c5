"""Models of a few kilobytes, made on the spot: one with random weights, one whose every word is planted. Needs torch and transformers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<eos>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
ENDLESS = "la"
"""A planted word that follows itself."""
_MARKS = ["<unk>", "<eos>", "<|system|>", "<|user|>", "<|assistant|>"]
_SENTENCES = [
    "What is the capital of France? Answer with the name only.",
    "I do not think so. I believe it is Lyon. What is the capital of country number 7?",
    "The capital is Paris. Please answer again, and give the answer only.",
    "User: Are you sure? Assistant: Yes, I am sure of it.",
]


def random_model(folder: Path, *, template: str | None = TEMPLATE, positions: int = 512, seed: int = 0, **config: Any) -> Path:
    """A Llama of 32 dimensions with random weights, and a byte-level tokenizer trained on a few sentences."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(_SENTENCES, vocab_size=400, special_tokens=_MARKS, show_progress=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, unk_token="<unk>", eos_token="<eos>")
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    shape: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    made = LlamaConfig(
        **shape | {"vocab_size": len(tokenizer), "max_position_embeddings": positions, "initializer_range": 0.6} | config,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=False,
    )
    LlamaForCausalLM(made).save_pretrained(folder)
    return folder


def planted_model(
    folder: Path, words: Sequence[str], *, template: str = TEMPLATE, positions: int = 4096, width: int = 8, opening: str = ""
) -> Path:
    """A Llama that answers every dialog with these words (all different; `ENDLESS` for ever), one token each.

    Its attention and its feed-forward layer (`width` wide) give nothing; the embedding of a token is a unit vector, and the
    output layer leads from each word to the next. `opening` is what the template writes last, as a token of its own.
    """
    import torch
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bare = Tokenizer(models.WordLevel({mark: i for i, mark in enumerate(_MARKS)}, unk_token="<unk>"))
    bare.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    bare.add_special_tokens([AddedToken(mark, normalized=False) for mark in _MARKS])
    first = opening.strip() or "<|assistant|>"
    bare.add_tokens([AddedToken(word, normalized=False) for word in dict.fromkeys([first, *words])])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bare, unk_token="<unk>", eos_token="<eos>")
    tokenizer.chat_template = template.replace("<|assistant|>{% endif %}", f"<|assistant|>{opening}{{% endif %}}")
    tokenizer.save_pretrained(folder)
    size = 32
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=size,
        intermediate_size=width,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=positions,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=False,
    )
    model = LlamaForCausalLM(config)
    chain = [*tokenizer.convert_tokens_to_ids([first, *words]), tokenizer.eos_token_id]
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        for layer in model.modules():
            if type(layer).__name__ == "LlamaRMSNorm":
                layer.weight.fill_(1.0)
        model.model.embed_tokens.weight[:] = torch.eye(len(tokenizer), size)
        if words and words[-1] == ENDLESS:
            chain[-1] = chain[-2]
        for here, there in pairwise(chain):
            model.lm_head.weight[there, here] = 5.0
    model.save_pretrained(folder)
    return folder
