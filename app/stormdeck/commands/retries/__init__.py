"""Find retries and storms: in files (``analyze``) and live (``watch``)."""
