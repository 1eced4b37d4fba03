"""`./dev bench`: how fast, beside what the bare servers and libraries can do on this machine."""
