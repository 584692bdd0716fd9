"""Dates as people write them: what they may mean, and how to write them in EDTF."""
