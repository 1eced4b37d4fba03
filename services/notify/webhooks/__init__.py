"""Webhooks for integrators: signed (Standard Webhooks), thin, retried on a fixed schedule."""
