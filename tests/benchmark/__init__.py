"""Benchmarks. They assert nothing, because machines are noisy."""
