"""The registry of integrated applications, an open list ("…") that the administrator keeps."""
