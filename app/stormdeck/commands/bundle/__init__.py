"""Write a bundle for a bug report, without what identifies its user."""
