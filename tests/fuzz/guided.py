"""One law, guided by what of stormdeck's code its cases reach. Needs atheris (3.0 has wheels for CPython 3.11)."""

import sys


def run(law):
    """Try cases until one breaks the law or somebody stops it."""
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is not installed: .venv/bin/python -m pip install atheris, or leave --guided out")
    for name, module in list(sys.modules.items()):
        if name.startswith(("stormdeck.model", "stormdeck.sources")):
            for function in vars(module).values():
                if callable(function) and getattr(function, "__module__", "") == name and hasattr(function, "__code__"):
                    atheris.instrument_func(function)
    atheris.Setup([sys.argv[0], "-max_len=4096"], law.test(1, 0).hypothesis.fuzz_one_input)
    atheris.Fuzz()
