"""Generators of clients, and programs that use what they make."""
