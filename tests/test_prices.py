"""Where a price comes from: the user's table and its faults, what is free, and list prices checked by their own calculator."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import DataSnapshot, get_snapshot, set_custom_snapshot
from genai_prices.types import ClauseEquals, ModelInfo, ModelPrice, Provider, TieredPrices
from genai_prices.types import Tier as GenaiTier

from sycoprobe.errors import PriceError
from sycoprobe.installing import install
from sycoprobe.money.files import PriceTable, read_table, snippet
from sycoprobe.money.lists import price_of, why_unpriced
from sycoprobe.money.price import Price, cost_of

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
OURS = {"openai": "openai", "responses": "openai", "anthropic": "anthropic", "gemini": "google", "openrouter": "openrouter"}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a price was looked for on the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OLLAMA_HOST", "AZURE_OPENAI_ENDPOINT", "GEMINI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def table_of(tmp_path: Path, text: str) -> PriceTable:
    file = tmp_path / "prices.toml"
    file.write_text(text, encoding="utf-8")
    return read_table(file)


# -- the user's table ---------------------------------------------------------------------------------------------------


def test_a_table_is_read_with_its_places(tmp_path: Path) -> None:
    table = table_of(
        tmp_path,
        '# ours\nschema_version = 1\n\n["openai:my-model"]\ninput = 2.5\noutput = 10\ncached-input = 1.25\n'
        'cache_write = 3.125\nrequest = 0.001\nbatch = 0.4\n\n["ollama:*"]\ninput = 0\noutput = 0\n',
    )
    expected = Price(2.5, 10.0, 1.25, 3.125, 0.001, 0.4, "prices.toml:4")
    assert price_of("openai:my-model", table=table) == expected
    free = price_of("ollama:llama3", table=table)
    assert free is not None and free.free and free.source == "prices.toml:12"


def test_a_table_on_one_line_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_bytes(
        b'\xef\xbb\xbf\r\n"openai:x" = { input = 1.0, output = 2.0 }\r\n["openai:y"]\r\ninput = 3\r\noutput = 4\r\n'
    )
    table = read_table(file)
    assert table.find("openai:x") == Price(1.0, 2.0, source="p.toml:2")
    assert table.find("openai:y") == Price(3.0, 4.0, source="p.toml:3")


def test_the_exact_name_beats_a_pattern_and_the_longer_pattern_the_shorter(tmp_path: Path) -> None:
    names = ["*", "openai:*", "openai:gpt-*", "openai:gpt-[45]", "openai:gpt-5", "openai:g?t-7?", "openai:gp?-7?"]
    table = table_of(tmp_path, "".join(f'["{n}"]\ninput = {i}\noutput = 1\n' for i, n in enumerate(names)))

    def found(model: str) -> str:
        price = price_of(model, table=table)
        assert price is not None
        return names[int(price.input)]

    assert found("openai:gpt-5") == "openai:gpt-5"
    assert found("openai:gpt-4") == "openai:gpt-[45]"
    assert found("openai:gpt-6") == "openai:gpt-*"
    assert found("openai:o9") == "openai:*"
    assert found("OPENAI:o9") == "*", "names are compared as they are written"
    assert found("openai:gpt-7b") == "openai:g?t-7?", "of equally long patterns the first"
    assert found("python:a.b:c") == "*"
    assert found("local:smollm2") == "*", "the table wins over what is free by nature"
    assert found("anthropic:claude-haiku-4-5") == "*", "and over list prices"


def test_a_name_that_looks_like_a_pattern_is_still_itself(tmp_path: Path) -> None:
    table = table_of(tmp_path, '["openai:a[1]"]\ninput = 1\noutput = 1\n')
    assert table.find("openai:a[1]") is not None
    assert table.find("openai:a1") is not None
    assert table.find("openai:a2") is None


GOOD = '["openai:x"]\ninput = 1\noutput = 2\n'


@pytest.mark.parametrize(
    ("text", "place", "message", "fix"),
    [
        ('["openai:x"]\ninput = 1\n  output = -2\n', "3:3", "output is negative (-2)", "US dollars per million tokens"),
        ('["openai:x"]\ninput = nan\noutput = 2\n', "2:1", "input is nan, not a finite number", "US dollars"),
        ('["openai:x"]\ninput = 1\noutput = inf\n', "3:1", "output is inf, not a finite number", "US dollars"),
        ('["openai:x"]\ninput = "1"\noutput = 2\n', "2:1", "input is '1', not a number", "US dollars"),
        ('["openai:x"]\ninput = true\noutput = 2\n', "2:1", "input is True, not a number", "US dollars"),
        ('["openai:x"]\ninput = 1\noutput = 1000001\n', "3:1", "more than a dollar a token", "per million tokens"),
        (f'["openai:x"]\ninput = 1\noutput = 1{"0" * 400}\n', "3:1", "more than a dollar a token", "per million"),
        ('["openai:x"]\ninput = 1\noutput = 2\nbatch = 50\n', "4:1", "a factor from 0 to 1", ""),
        ('\n["openai:x"]\ninput = 1\n', "2:1", "output is missing", "add output"),
        ('["openai:x"]\noutput = 1\n', "1:1", "input is missing", "add input"),
        ('["openai:x"]\n', "1:1", "input is missing", "add input"),
        (
            '["openai:x"]\ninput = 1\noutptu = 2\n',
            "3:1",
            "no key 'outptu'",
            "did you mean 'output'? keys: input, output, cached_input",
        ),
        ('["openai:x"]\ninput = 1\noutput = 2\nzzz = 1\n', "4:1", "no key 'zzz'", "keys: input"),
        ('"openai:x" = { input = 1, output = 2, cached = 1 }\n', "1:39", "no key 'cached'", "did you mean 'cached_input'?"),
        ('["openai:x"]\ninput = 1\noutput = 2\ncached_input = 1\ncached-input = 1\n', "5:1", "given twice", "keep one"),
        ('schema_version = 1\n"openai:x" = 3\n', "2:1", "openai:x is not a table", '["openai:x"]'),
        ('[["openai:x"]]\ninput = 1\noutput = 2\n', "1:1", "openai:x is not a table", '["openai:x"]'),
        ("schema_version = 2\n" + GOOD, "1:1", "schema_version is 2", "reads schema_version = 1"),
        ('schema_version = "1"\n' + GOOD, "1:1", "schema_version is '1'", "reads schema_version = 1"),
        ("schema_versoin = 1\n" + GOOD, "1:1", "'schema_versoin' names no model", "did you mean 'schema_version'?"),
        ("[openai]\ninput = 1\noutput = 2\n", "1:1", "'openai' names no model", '["openai:*"] for all its models'),
        ("[openai.gpt-4]\ninput = 1\noutput = 2\n", "1:1", "'openai' names no model", '["openai:NAME"]'),
        ("[gpt-4]\ninput = 1\noutput = 2\n", "1:1", "'gpt-4' names no model", '["openai:gpt-4"]'),
        ("[openai:gpt]\ninput = 1\noutput = 2\n", "1:8", "not TOML", "put names in quotes"),
        (GOOD + GOOD, "4:12", "not TOML: Cannot declare", ""),
        ('["openai:x"]\ninput = 1,5\n', "2:10", "not TOML", "numbers without"),
        ("", "1:1", "there is no price in it", '["openai:my-model"]'),
        ("schema_version = 1\n", "1:1", "there is no price in it", '["openai:my-model"]'),
        ("x = " + "[" * 5000, "1:1", "not TOML", ""),
    ],
)
def test_every_fault_of_a_table_is_one_error_with_its_place_and_a_mend(
    tmp_path: Path, text: str, place: str, message: str, fix: str
) -> None:
    with pytest.raises(PriceError) as caught:
        table_of(tmp_path, text)
    assert caught.value.message.startswith(f"{tmp_path / 'prices.toml'}:{place}: ")
    assert message in caught.value.message
    assert caught.value.hint and fix in caught.value.hint


def test_a_file_that_cannot_be_read_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(PriceError, match="cannot be read: No such file"):
        read_table(tmp_path / "none.toml")
    with pytest.raises(PriceError, match="cannot be read"):
        read_table(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"\xe9 = 1")
    with pytest.raises(PriceError, match="not UTF-8"):
        read_table(tmp_path / "latin.toml")


@pytest.mark.parametrize("tables", [200, pytest.param(2000, marks=pytest.mark.long)])
def test_damaged_tables_are_read_or_refused_with_a_place(tables: int, tmp_path: Path) -> None:
    rng = random.Random(1)
    whole = 'schema_version = 1\n["openai:x"]\ninput = 1.5\noutput = 2\n["ollama:*"]\ninput = 0\noutput = 0\nbatch = 0.5\n'
    file = tmp_path / "prices.toml"
    refused = 0
    for _ in range(tables):
        text = list(whole)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(text))
            text[at : at + rng.randint(0, 4)] = rng.choice(['"', "[", "]", "\n", "-", "nan", "é", "=", ".", "", "{", "9"])
        file.write_text("".join(text), encoding="utf-8")
        try:
            assert read_table(file).prices
        except PriceError as e:
            refused += 1
            line, column = e.message.removeprefix(f"{file}:").split(":")[:2]
            assert 1 <= int(line) <= "".join(text).count("\n") + 1 and int(column) >= 1
    assert refused > tables / 4


# -- free, and unknown --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "base_url", "why"),
    [
        ("local:smollm2", None, "runs on this machine"),
        ("hf:Qwen/Qwen3-0.6B", None, "runs on this machine"),
        ("sim:accuracy=1", None, "a simulation"),
        ("sim:", None, "a simulation"),
        ("replay:runs/x", None, "replays"),
        ("ollama:llama3.2", None, "a machine of yours"),
        ("ollama:llama3.2", "http://localhost:11434", "a machine of yours"),
        ("ollama:llama3.2", "http://127.0.0.1:11434/v1", "a machine of yours"),
        ("ollama:llama3.2", "http://[::1]:11434", "a machine of yours"),
        ("ollama:llama3.2", "http://192.168.1.7:11434", "a machine of yours"),
        ("ollama:llama3.2", "gpu-box:11434", "a machine of yours"),
        ("ollama:llama3.2", "http://gpu.lan", "a machine of yours"),
        ("ollama:cloudy", None, "a machine of yours"),
        ("openrouter:meta-llama/llama-3.3-70b-instruct:free", None, "OpenRouter"),
    ],
)
def test_what_runs_here_is_free_and_says_why(model: str, base_url: str | None, why: str) -> None:
    price = price_of(model, base_url=base_url)
    assert price is not None and price.free
    assert price.source.startswith("free: ") and why in price.source


@pytest.mark.parametrize(
    ("model", "base_url", "why"),
    [
        ("ollama:gpt-oss:120b-cloud", None, "not run on a machine of yours"),
        ("ollama:kimi-k2:cloud", "http://localhost:11434", "not run on a machine of yours"),
        ("ollama:llama3", "https://ollama.com", "not run on a machine of yours"),
        ("ollama:llama3", "https://8.8.8.8", "not run on a machine of yours"),
        ("ollama:llama3", "http://[broken", "not run on a machine of yours"),
        ("command:./ask.sh", None, "nobody but you"),
        ("python:pkg.mod:ask", None, "nobody but you"),
        ("unheard-of:x", None, "nobody but you"),
        ("openai:gpt-4o", "http://localhost:4000/v1", "vendor's own address"),
        ("openai:gpt-4o", "https://api.openai.com.example.org/v1", "vendor's own address"),
        ("openai:gpt-4o", "https://eu.api.openai.com/v1", "vendor's own address"),
        ("openai:gpt-4o", "http://[broken", "vendor's own address"),
        ("anthropic:claude-haiku-4-5", "http://127.0.0.1:1", "vendor's own address"),
        ("azure:gpt-4o", "https://openai.azure.com.example.org", "vendor's own address"),
        ("openrouter:x/y:free", "http://localhost:1", "vendor's own address"),
        ("openrouter:perplexity/sonar", None, "searches the web"),
        ("openai:gpt-4o-search-preview", None, "searches the web"),
        ("openai:gpt-of-tomorrow", None, "does not know it"),
        ("openai:", None, "does not know it"),
        ("openai:text-embedding-3-small", None, "does not know it"),
        ("azure:our-deployment", None, "does not know it"),
    ],
)
def test_what_nobody_knows_has_no_price_and_a_mend_that_works(
    tmp_path: Path, model: str, base_url: str | None, why: str
) -> None:
    assert price_of(model, base_url=base_url) is None
    said = why_unpriced(model, base_url=base_url)
    assert why in said and "--prices FILE" in said
    filled = said.split("\n\n", 1)[1].replace("…", "1.5")
    assert price_of(model, base_url=base_url, table=table_of(tmp_path, filled)) == Price(1.5, 1.5, source="prices.toml:2")


@pytest.mark.parametrize(
    "model", ['openai:a"b', "openai:a\\b", "openai:a\nb\x7f\x01", "openai:ü😀", "command:./ask.sh --x 'y'"]
)
def test_lines_to_paste_name_the_model_whatever_it_is_called_and_are_refused_until_filled_in(
    tmp_path: Path, model: str
) -> None:
    with pytest.raises(PriceError, match=r"prices\.toml:3:9: not TOML"):
        table_of(tmp_path, snippet(model))
    assert table_of(tmp_path, snippet(model).replace("…", "2")).find(model) is not None


def test_an_address_in_the_environment_counts_as_much_as_a_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert price_of("openai:gpt-4o") is not None
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8000/v1")
    assert price_of("openai:gpt-4o") is None and price_of("responses:gpt-4o") is None
    assert price_of("openai:gpt-4o", base_url="https://API.openai.com./v1") is not None, "a given one wins"
    monkeypatch.setenv("OLLAMA_HOST", "0.0.0.0:11434")
    assert price_of("ollama:x") is not None
    monkeypatch.setenv("OLLAMA_HOST", "https://ollama.com")
    assert price_of("ollama:x") is None


# -- list prices --------------------------------------------------------------------------------------------------------


def theirs(name: str, provider: str, usage: dict[str, int], *, batch: bool = False) -> float:
    """What genai-prices itself says that a call costs."""
    counted = Usage(
        input_tokens=usage["prompt_tokens"],
        output_tokens=usage["completion_tokens"],
        cache_read_tokens=usage["cached_tokens"],
        cache_write_tokens=usage["cache_write_tokens"],
    )
    context: Any = {"processing": "batch"} if batch else None
    done = calc_price(counted, name, provider_id=provider, genai_request_timestamp=AT, price_context=context)
    return float(done.total_price)


def some_usage(rng: random.Random) -> dict[str, int]:
    parts = [int(10 ** rng.uniform(0, 6)) for _ in range(3)]
    written = parts[2] if rng.random() < 0.5 else 0
    usage = {"prompt_tokens": parts[0] + parts[1] + written, "cached_tokens": parts[1], "cache_write_tokens": written}
    return usage | {"completion_tokens": int(10 ** rng.uniform(0, 5))}


@pytest.mark.parametrize(
    ("model", "rates"),
    [
        ("openai:gpt-4o-mini", (0.15, 0.6, 0.075)),
        ("responses:gpt-4o-mini", (0.15, 0.6, 0.075)),
        ("openai:ft:gpt-4o-mini-2024-07-18:org::x", (0.3, 1.2, None)),
        ("anthropic:claude-haiku-4-5-20251001", (1.0, 5.0, 0.1)),
        ("gemini:gemini-2.5-flash", (0.3, 2.5, 0.03)),
        ("gemini:models/gemini-2.5-flash", (0.3, 2.5, 0.03)),
        ("openrouter:openai/gpt-4o", (2.5, 10.0, 1.25)),
        ("azure:gpt-4o", (2.5, 10.0, 1.25)),
    ],
)
def test_real_models_have_their_vendors_list_prices(model: str, rates: tuple[float, float, float | None]) -> None:
    price = price_of(model, at=AT)
    assert price is not None
    assert (price.input, price.output, price.cached_input) == rates
    assert price.source.startswith("genai-prices ") and model.split(":")[1].removeprefix("models/")[:3] in price.source
    assert ("deployment" in price.source) == model.startswith("azure:")


@pytest.mark.long
def test_every_listed_model_costs_what_genai_prices_itself_calculates() -> None:
    """Both methods, on all models of our vendors: the same without batches; never less, and mostly the same, in them."""
    rng = random.Random(7)
    priced = tiered = halved = same = calls = 0
    for backend, provider in OURS.items():
        listed = next(p for p in get_snapshot().providers if p.id == provider)
        for model in listed.models:
            price = price_of(f"{backend}:{model.id}", at=AT)
            if price is None or price.source.startswith("free: "):
                continue
            priced += 1
            tiered += bool(price.tiers)
            for _ in range(4):
                usage = some_usage(rng)
                ours, other = cost_of(usage, price), theirs(model.id, provider, usage)
                assert ours == pytest.approx(other, rel=1e-9, abs=1e-15), model.id
                in_batch = theirs(model.id, provider, usage, batch=True)
                if in_batch < other * 0.999:
                    calls += 1
                    halved += price.batch == 0.5
                    assert cost_of(usage, price, batch=True) >= in_batch * (1 - 1e-9), model.id
                    same += cost_of(usage, price, batch=True) == pytest.approx(in_batch, rel=1e-9)
    assert priced > 500 and tiered > 20 and calls > 200
    assert halved > 0.9 * calls and same > 0.9 * calls


def test_a_price_is_that_of_its_day() -> None:
    before = price_of("gemini:gemini-3.6-flash", at=datetime(2026, 12, 31, 23, tzinfo=UTC))
    after = price_of("gemini:gemini-3.6-flash", at=datetime(2027, 1, 1, 1, tzinfo=UTC))
    assert before is not None and after is not None
    assert after.input == 2 * before.input


def test_batches_are_half_price_where_the_vendor_says_so_and_full_price_where_nobody_does() -> None:
    for model, factor, cached in [
        ("anthropic:claude-haiku-4-5", 0.5, 0.5),
        ("openai:gpt-4o", 0.5, 1.0),
        ("anthropic:claude-3-haiku-20240307", 0.5, None),  # of which the data say nothing about batches
        ("openrouter:openai/gpt-4o", 1.0, None),
    ]:
        price = price_of(model, at=AT)
        assert price is not None and (price.batch, price.batch_cached) == (factor, cached)


def test_charges_per_call_and_for_reasoning_are_not_lost() -> None:
    prices = ModelPrice(
        input_mtok=Decimal(1),
        output_mtok=TieredPrices(base=Decimal(2), tiers=[GenaiTier(start=100, price=Decimal(3))]),
        output_reasoning_mtok=Decimal("2.5"),
        requests_kcount=Decimal(5),
    )
    model = ModelInfo(id="made", match=ClauseEquals(equals="made"), prices=prices)
    provider = Provider(id="openai", name="made", api_pattern="https://api.openai.com", models=[model])
    set_custom_snapshot(DataSnapshot(providers=[provider], from_auto_update=False))
    try:
        price = price_of("openai:made", at=AT)
        assert price is not None
        assert (price.output, price.request, [t.output for t in price.tiers]) == (2.5, 0.005, [3.0])
        for prompt, reasoning in [(100, 0), (100, 50), (101, 50)]:
            counted = Usage(input_tokens=prompt, output_tokens=50, output_reasoning_tokens=reasoning)
            least = float(calc_price(counted, "made", provider_id="openai").total_price)
            assert cost_of({"prompt_tokens": prompt, "completion_tokens": 50}, price) >= least * (1 - 1e-12)
    finally:
        set_custom_snapshot(None)


def alone(code: str, *, hide: bool) -> str:
    """What `code` prints in a process of its own, in which genai-prices is not installed if `hide`."""
    hidden = "import sys; sys.modules['genai_prices'] = None\n" if hide else "import sys\n"
    done = subprocess.run([sys.executable, "-c", hidden + code], capture_output=True, text=True, check=True, encoding="utf-8")
    return done.stdout


def test_without_the_data_package_there_is_no_list_price_and_the_hint_installs_it() -> None:
    code = (
        "from sycoprobe.money.lists import price_of, why_unpriced\n"
        "print(price_of('openai:gpt-4o'), price_of('local:x').source)\nprint(ascii(why_unpriced('openai:gpt-4o')))"
    )
    said = alone(code, hide=True)
    assert said.startswith("None free: runs on this machine\n")
    assert install("prices") in said and "not installed" in said and '["openai:gpt-4o"]' in said


def test_the_data_package_is_imported_only_when_it_is_asked() -> None:
    code = (
        "from sycoprobe.money.lists import price_of, why_unpriced\n"
        "price_of('local:x'); price_of('python:a:b'); why_unpriced('python:a:b'); price_of('openai:x', base_url='http://localhost')\n"
        "print('genai_prices' in sys.modules)\nprice_of('openai:gpt-4o')\nprint('genai_prices' in sys.modules)"
    )
    assert alone(code, hide=False).split() == ["False", "True"]
