"""The one-stop counter over HTTP."""
