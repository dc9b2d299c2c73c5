"""Small models, made on the spot: random weights (torch, transformers), and planted words (the same, or as a GGUF file)."""

from __future__ import annotations

import struct
import time
from array import array
from collections.abc import Sequence
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

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
    folder: Path, words: Sequence[str], *, template: str = TEMPLATE, positions: int = 4096, opening: str = ""
) -> Path:
    """A Llama that answers every dialog with these words (all different; `ENDLESS` for ever), one token each.

    Its attention and its feed-forward layer give nothing; the embedding of a token is a unit vector, and the
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
        intermediate_size=8,
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


def slow_from(monkeypatch: pytest.MonkeyPatch, first: int, seconds: float) -> None:
    """The engine of transformers takes so long for each token from the `first` on."""
    from sycoprobe.backends.transformers.engine import Writer

    choose, written = Writer.choose, count()

    def slowly(self: Writer, input_ids: Any, scores: Any) -> Any:
        chosen = choose(self, input_ids, scores)
        if next(written) >= first:
            time.sleep(seconds)
        return chosen

    monkeypatch.setattr(Writer, "choose", slowly)


def planted_gguf(file: Path, words: Sequence[str], *, template: str = TEMPLATE, positions: int = 4096) -> Path:
    """`planted_model` as a GGUF file (version 3: ggml's docs/gguf.md), of Llama's architecture in float32; needs nothing to write it."""
    size, heads, width = 320, 10, 32
    plain = _byte_characters()
    tokens = [*_MARKS, *plain, "ab", *words]
    kinds = [3] * len(_MARKS) + [1] * (len(plain) + 1) + [4] * len(words)
    chain = [tokens.index("<|assistant|>"), *range(len(tokens) - len(words), len(tokens)), tokens.index("<eos>")]
    if words and words[-1] == ENDLESS:
        chain[-1] = chain[-2]
    prefix = "llama."
    pairs: dict[str, Any] = {
        "general.architecture": "llama",
        prefix + "block_count": 1,
        prefix + "context_length": positions,
        prefix + "embedding_length": size,
        prefix + "feed_forward_length": width,
        prefix + "attention.head_count": heads,
        prefix + "attention.head_count_kv": heads,
        prefix + "attention.layer_norm_rms_epsilon": 1e-6,
        prefix + "rope.dimension_count": size // heads,
        prefix + "vocab_size": len(tokens),
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.merges": ["a b"],
        "tokenizer.ggml.bos_token_id": tokens.index("<eos>"),
        "tokenizer.ggml.eos_token_id": tokens.index("<eos>"),
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": template,
    }
    ones = array("f", [1.0]) * size
    embedding, output = (array("f", bytes(4 * size * len(tokens))) for _ in range(2))
    for i in range(len(tokens)):
        embedding[i * size + i] = 1.0
    for here, there in pairwise(chain):
        output[there * size + here] = 5.0
    square = array("f", bytes(4 * size * size))
    narrow = array("f", bytes(4 * size * width))
    tensors: dict[str, tuple[tuple[int, ...], array[float]]] = {
        "token_embd.weight": ((size, len(tokens)), embedding),
        "output.weight": ((size, len(tokens)), output),
        "output_norm.weight": ((size,), ones),
        "blk.0.attn_norm.weight": ((size,), ones),
        "blk.0.ffn_norm.weight": ((size,), ones),
        **{f"blk.0.attn_{name}.weight": ((size, size), square) for name in ("q", "k", "v", "output")},
        "blk.0.ffn_gate.weight": ((size, width), narrow),
        "blk.0.ffn_up.weight": ((size, width), narrow),
        "blk.0.ffn_down.weight": ((width, size), narrow),
    }
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs))
    head += b"".join(_string(key) + _value(value) for key, value in pairs.items())
    offset, data = 0, b""
    for name, (shape, values) in tensors.items():
        head += _string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset)
        data += values.tobytes() + bytes(-len(values) * 4 % 32)
        offset = len(data)
    file.write_bytes(head + bytes(-len(head) % 32) + data)
    return file


def _byte_characters() -> list[str]:
    """The 256 characters in which byte-level tokenizers write bytes: printable ones as they are, the others from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    return [chr(b) for b in printable] + [chr(0x100 + i) for i in range(len(others))]


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(value: Any) -> bytes:
    """A value with the number of its type before it: 4 uint32, 5 int32, 6 float32, 7 bool, 8 string, 9 array."""
    if isinstance(value, bool):
        return struct.pack("<IB", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    if isinstance(value[0], str):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_string, value))
    return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)
