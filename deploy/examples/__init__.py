"""Subscribers of the IOC stream, one per transport: copy one and put your own work into it."""
