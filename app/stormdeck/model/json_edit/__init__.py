"""Edit JSON text without changing any byte but those of the edited value."""
