"""Watch what other machines report."""
