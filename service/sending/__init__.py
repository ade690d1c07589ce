"""Sending: webhooks, who may be reached, what is sent, and alerts."""
