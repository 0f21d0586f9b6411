"""The screenshots of the README are up to date with the panel."""

import asyncio

import pytest
from screenshots import FOLDER, SCREENSHOTS, drawn


@pytest.mark.parametrize("name", SCREENSHOTS)
def test_a_screenshot_is_up_to_date(name):
    file = FOLDER / f"{name}.svg"
    assert file.read_text(encoding="utf-8") == asyncio.run(drawn(SCREENSHOTS[name])), "run `make screenshots`"


def test_the_calm_picture_has_a_calm_log():
    text = (FOLDER / "overview-calm.svg").read_text(encoding="utf-8")
    assert "EngineCore" not in text
    assert "/v1/messages" in text
