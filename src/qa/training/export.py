"""Writes a model folder: sentence-transformers files, and the int8 ONNX graph for run time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from qa.training.base import SPECIAL_PIECES
from qa.training.encoder import TrainableEncoder, embed
from qa.training.onnx_graph import write_graph
from qa.training.quantisation import Inputs

MAX_PIECES = 256


def write_model(encoder: TrainableEncoder, folder: Path, texts: Sequence[str] = ()) -> Path:
    """A complete model folder, replacing what is there only once it is whole.

    With some texts to look at, it has an int8 graph too.
    """
    import torch
    from safetensors.numpy import save_file

    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    everything = {
        name: value.detach().to("cpu", torch.float32).numpy()
        for name, value in encoder.model.state_dict().items()
        if value.is_floating_point()
    }
    heads = {name: value for name, value in everything.items() if name.startswith("heads.")}
    weights = {name: value for name, value in everything.items() if name not in heads}
    save_file(
        {n.removeprefix("heads."): v for n, v in heads.items()}, partial / "heads.safetensors"
    )
    # Never used, but loaders that expect a pooler would tell that they made one up.
    size = encoder.model.config.hidden_size
    weights |= {
        "pooler.dense.weight": np.zeros((size, size), dtype=np.float32),
        "pooler.dense.bias": np.zeros(size, dtype=np.float32),
    }
    halves = {name: value.astype(np.float16) for name, value in weights.items()}
    save_file(halves, partial / "model.safetensors", metadata={"format": "pt"})
    _write_settings(encoder, partial)
    _write_tokenizer(encoder.tokenizer, partial)
    if texts:
        # From the halves, so that both forms start from the same numbers.
        single = {name: value.astype(np.float32) for name, value in halves.items()}
        config = encoder.model.config
        path = partial / "onnx" / "model_int8.onnx"
        inputs = layer_inputs(encoder, texts)
        write_graph(single | heads, inputs, config.num_attention_heads, config.layer_norm_eps, path)
    for path in partial.rglob("*.safetensors"):
        path.chmod(0o644)  # the library writes them for their owner alone
    previous = folder.with_name(folder.name + ".previous")
    shutil.rmtree(previous, ignore_errors=True)
    if folder.exists():
        folder.replace(previous)
    partial.replace(folder)
    shutil.rmtree(previous, ignore_errors=True)
    return folder


def layer_inputs(encoder: TrainableEncoder, texts: Sequence[str]) -> dict[str, Inputs]:
    """What each linear layer sees while the texts are read."""
    import torch

    largest: dict[str, torch.Tensor] = {}
    products: dict[str, torch.Tensor] = {}

    def watch(name: str) -> Callable[..., None]:
        def look(_module: object, inputs: tuple[torch.Tensor, ...]) -> None:
            seen = inputs[0].detach().flatten(0, -2).float()
            most, product = seen.abs().amax(dim=0), seen.T @ seen
            largest[name] = torch.maximum(largest[name], most) if name in largest else most
            products[name] = products[name] + product if name in products else product

        return look

    modules = encoder.model.named_modules()
    linear = [
        (name, part)
        for name, part in modules
        if isinstance(part, torch.nn.Linear) and name != "heads"
    ]
    hooks = [part.register_forward_pre_hook(watch(name)) for name, part in linear]
    # One at a time: padding would be seen too; in single precision, as sums over many tokens are.
    embed(replace(encoder, exact=True), texts, MAX_PIECES, tokens=1)
    for hook in hooks:
        hook.remove()
    return {
        name: Inputs(largest[name].cpu().numpy(), products[name].cpu().numpy()) for name in largest
    }


def _write_settings(encoder: TrainableEncoder, folder: Path) -> None:
    config = encoder.model.config
    kept = (
        "attention_probs_dropout_prob hidden_act hidden_dropout_prob hidden_size initializer_range "
        "intermediate_size layer_norm_eps max_position_embeddings num_attention_heads "
        "num_hidden_layers type_vocab_size vocab_size"
    )
    settings = {name: getattr(config, name) for name in kept.split()}
    # "dtype" makes loaders compute in single precision although the file holds halves.
    fixed = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "pad_token_id": SPECIAL_PIECES.index("<pad>"),
        "dtype": "float32",
    }
    _write_json(folder / "config.json", {**fixed, **settings})
    kinds = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(kinds)
    ]
    _write_json(folder / "modules.json", modules)
    _write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": config.hidden_size, "pooling_mode_mean_tokens": True},
    )
    _write_json(folder / "2_Normalize" / "config.json", {})
    _write_json(
        folder / "sentence_bert_config.json",
        {"max_seq_length": min(MAX_PIECES, config.max_position_embeddings), "do_lower_case": False},
    )
    _write_json(
        folder / "config_sentence_transformers.json",
        {
            "similarity_fn_name": "cosine",
            "prompts": {"query": encoder.question_prompt, "document": encoder.passage_prompt},
            "default_prompt_name": None,
        },
    )


def _write_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"))
    special = dict(
        zip(("cls_token", "pad_token", "sep_token", "unk_token"), SPECIAL_PIECES, strict=True)
    )
    _write_json(folder / "special_tokens_map.json", special)
    _write_json(
        folder / "tokenizer_config.json",
        {
            # The general class: it takes tokenizer.json as it is, normaliser included.
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": MAX_PIECES,
            "clean_up_tokenization_spaces": False,
            "model_input_names": ["input_ids", "attention_mask"],
            **special,
        },
    )


def _write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
