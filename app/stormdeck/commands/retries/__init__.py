"""Find retries and storms: in files after the fact (analyze), and live (watch)."""
