"""What is known of models: every fact has its source, what is not known stays unknown, and users add their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sycoprobe
from sycoprobe.errors import ModelError
from sycoprobe.registry import registry
from tests.commands import cli

KNOWN = registry()


def test_every_fact_that_can_be_cited_names_a_source_that_is_there() -> None:
    for key, facts in KNOWN.models.items():
        said = {
            "release": facts.release, "architecture": facts.architecture, "params": facts.total_b, "context": facts.context,
            "alignment": facts.alignment,
        }  # fmt: skip
        for fact, value in said.items():
            assert (value is not None) == (fact in facts.source), (key, fact)


def test_nothing_is_cited_that_no_fact_names() -> None:
    used = {s for f in KNOWN.models.values() for s in f.source.values()} | {f.source for f in KNOWN.families.values()}
    assert set(KNOWN.sources) == used


def test_counts_of_parameters_are_possible() -> None:
    for key, facts in KNOWN.models.items():
        assert (facts.total_b is None) == (facts.active_b is None), key
        if facts.total_b is not None and facts.active_b is not None:
            assert facts.active_b <= facts.total_b, key
            assert facts.architecture != "dense" or facts.active_b == facts.total_b, key


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("anthropic:claude-opus-4-5-20251101", "claude-opus-4.5"),
        ("Claude Opus 4.5", "claude-opus-4.5"),
        ("openai:gpt-4o-2024-08-06", "gpt-4o"),
        ("openrouter:meta-llama/llama-3.1-8b-instruct", "llama-3.1-8b-instruct"),
        ("hf:meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b-instruct"),
        ("local:smollm2", "smollm2-135m-instruct"),
    ],
)
def test_a_model_is_found_as_people_and_runs_name_it(model: str, key: str) -> None:
    found = KNOWN.find(model)
    assert found is not None
    assert found[0] == key
    assert sycoprobe.model_facts(model) == KNOWN.models[key]


@pytest.mark.parametrize(
    "model", ["openai:gpt-4o-audio", "openai:gpt-5.1", "ollama:llama3.1:8b", "gpt", "", "claude-opus-4-50"]
)
def test_another_size_or_version_is_another_model(model: str) -> None:
    assert KNOWN.find(model) is None


def test_every_model_is_found_by_its_own_key_and_by_no_other_models_name() -> None:
    for key, facts in KNOWN.models.items():
        for name in (key, facts.name, *([facts.weights] if facts.weights else [])):
            found = KNOWN.find(name)
            assert found is not None
            assert found[0] == key, name


def test_a_users_own_file_adds_models_and_replaces_single_facts(tmp_path: Path) -> None:
    (tmp_path / "sycoprobe-models.toml").write_text(
        '[sources.us]\ntitle = "our own training log"\nmark = "src"\n'
        '[models."gpt-4o"]\narchitecture = "moe"\nsource = { architecture = "us" }\n'
        '[models."house-7b"]\nname = "House 7B"\ndeveloper = "We"\nalignment = ["sft"]\nfamily = "house"\nstage = "sft"\n'
        'source = { alignment = "us" }\n'
        '[families.house]\nsource = "us"\nstages = [{ stage = "base", weights = "a" }, { stage = "sft", weights = "b" }]\n'
    )
    done = cli("models", "facts", "gpt-4o", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert told["models"]["gpt-4o"]["architecture"] == "moe"
    assert told["models"]["gpt-4o"]["release"] == KNOWN.models["gpt-4o"].release
    assert set(told["sources"]) == {"us", "inspect-data", "openai-syco"}
    shown = cli("models", "facts", "openai:house-7b", cwd=tmp_path).stdout
    assert "base a → sft b" in shown
    assert "release       not known" in shown


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('[models."x"]\nname = "X"\n', "1:1", "Field required"),
        ('[models."gpt-4o"]\narchitecture = "sparse"\n', "2:1", "'dense' or 'moe'"),
        ('[models."gpt-4o"]\nweihgts = "a/b"\n', "2:1", "Extra inputs"),
        ('[models."gpt-4o"]\nsource = { release = "nowhere" }\n', "2:12", "no source 'nowhere'"),
        ('[models."gpt-4o"]\nfamily = "nowhere"\n', "2:1", "no family 'nowhere'"),
        ("schema_version = 2\n", "1:1", "reads schema_version = 1"),
        ("[models\n", "1:8", "not TOML"),
        ("models = 3\n", "1:1", "valid dictionary"),
        ('[models."gpt-4o"]\nsource = 3\n', "2:1", "valid dictionary"),
    ],
)
def test_a_fault_in_a_users_own_file_is_named_with_its_place(text: str, place: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(ModelError) as caught:
        sycoprobe.model_facts("gpt-4o", file)
    assert caught.value.message.startswith(f"{file}:{place}: ")
    assert said in caught.value.message


def test_an_unknown_model_ends_with_one_line_that_names_a_near_one() -> None:
    done = cli("models", "facts", "claud-opus-4")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: no facts about a model 'claud-opus-4'",
        "  fix: did you mean 'claude-opus-4'? `sycoprobe models facts` lists them; yours go into sycoprobe-models.toml",
    ]
