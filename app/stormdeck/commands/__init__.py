"""The headless faces. None of them needs the UI to be imported."""
