"""The share of files that get each code."""

import subprocess
import sys

from places import TESTS


def test_the_codes_of_a_folder_are_printed_by_share(tmp_path):
    entry = "- {model_name: a, litellm_params: {model: vllm/q, api_base: http://h:1}}"
    (tmp_path / "a.yaml").write_text(f"model_list:\n{entry}\n")
    (tmp_path / "b.yaml").write_text("services: {web: {image: nginx}}\n")
    (tmp_path / "settings.json").write_text("{}")
    command = [sys.executable, str(TESTS / "score" / "corpus.py"), str(tmp_path), "--code", "PROXY816"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "PROXY816 error             1   50.0 %" in done.stdout
    assert f"{tmp_path / 'a.yaml'}:2" in done.stdout
    assert "--settings: 1 files" in done.stdout
