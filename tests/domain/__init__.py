"""Tests of the dates of events."""
