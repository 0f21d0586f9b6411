"""Keep figures of servers, GPUs and requests over the last hours, and find what is unusual in them."""
