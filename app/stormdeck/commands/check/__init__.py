"""Run all rules: the report, the fixes, and what is learned of the live servers."""
