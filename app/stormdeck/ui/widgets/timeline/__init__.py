"""The widgets of the timeline."""
