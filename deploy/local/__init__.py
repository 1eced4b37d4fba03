"""The stack without Docker: real servers and the four services as child processes."""
