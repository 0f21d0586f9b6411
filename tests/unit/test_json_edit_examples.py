"""The examples in the docstrings of ``json_edit`` are true."""

import doctest
import importlib
import pkgutil

import pytest

from stormdeck.model import json_edit

MODULES = [
    json_edit.__name__,
    *(f"{json_edit.__name__}.{found.name}" for found in pkgutil.iter_modules(json_edit.__path__)),
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    assert sum(len(found.examples) for name in MODULES for found in finder.find(importlib.import_module(name))) >= 8
