"""Run all rules on settings and servers, report the findings and fix what is safe."""
