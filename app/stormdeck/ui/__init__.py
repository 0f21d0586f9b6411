"""The panel. Draws what the model says and computes no verdict of its own."""
