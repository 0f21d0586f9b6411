"""Make a model folder for ``vllm serve --load-format dummy``; run by vLLM's own Python, which has the tokenizers."""

import json
import sys
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

END, START, STOP = SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
PLAIN = ["<tool_call>", "</tool_call>", "<think>", "</think>"]
LONGEST = 131_072
TEXT = sorted((Path(__file__).parents[2] / "app").glob("**/*.py"))
TEMPLATE = """{%- if tools %}<|im_start|>system
{% if messages[0].role == 'system' %}{{ messages[0].content }}
{% endif %}# Tools
{% for t in tools %}{{ t | tojson }}
{% endfor %}<|im_end|>
{% elif messages[0].role == 'system' %}<|im_start|>system
{{ messages[0].content }}<|im_end|>
{% endif %}
{%- for m in messages %}{% if not (loop.first and m.role == 'system') %}<|im_start|>{{ m.role }}
{{ m.content if m.content else '' }}
{%- for c in (m.tool_calls or []) %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}<|im_end|>
{% endif %}{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def tokenizer() -> Tokenizer:
    """Return one that makes a token of every few characters of English or code."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=4000, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator((path.read_text("utf-8") for path in TEXT), trainer)
    made.add_tokens([AddedToken(text, special=False, normalized=False) for text in PLAIN])
    return made


def main() -> None:
    """Fill the folder that the command line names."""
    folder, made = Path(sys.argv[1]), tokenizer()
    made.save(str(folder / "tokenizer.json"))
    end, stop = made.token_to_id(END), made.token_to_id(STOP)
    settings = {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "torch_dtype": "bfloat16",
        "hidden_act": "silu",
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "vocab_size": (made.get_vocab_size() + 63) // 64 * 64,
        "max_position_embeddings": LONGEST,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1_000_000.0,
        "tie_word_embeddings": False,
        "bos_token_id": end,
        "eos_token_id": stop,
    }
    spoken = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": STOP,
        "pad_token": END,
        "model_max_length": LONGEST,
        "chat_template": TEMPLATE,
    }
    generation = {"eos_token_id": [stop, end], "pad_token_id": end, "do_sample": True, "temperature": 0.7}
    for name, content in (("config", settings), ("tokenizer_config", spoken), ("generation_config", generation)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1))


if __name__ == "__main__":
    main()
