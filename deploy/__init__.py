"""How the house is run: without Docker, with it, and in CI."""
