"""Tests of the formats of a selection."""
