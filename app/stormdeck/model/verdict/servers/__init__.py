"""State what is wrong with the servers on the path, or that there are none. Begin with ``on_path``."""
