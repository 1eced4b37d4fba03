"""The rules of the one-stop counter, as a clerk could explain them. Pure."""
