"""Requests that a shop allows, at the pace it allows."""
