"""The examples in docstrings are true."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

from stormdeck import model

MODULES = [found.name for found in pkgutil.walk_packages(model.__path__, f"{model.__name__}.")]
WITH_EXAMPLES = [name for name in MODULES if ">>> " in inspect.getsource(importlib.import_module(name))]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_editor_and_the_masks_have_examples():
    packages = {name.rsplit(".", 1)[0] for name in WITH_EXAMPLES}
    assert {"stormdeck.model.json_edit", "stormdeck.model.masking"} <= packages
