"""Forms of the pages about people. Shape only; what is right, the rules know."""
