"""Notify over HTTP: push subscriptions, callbacks of providers, what did not arrive."""
