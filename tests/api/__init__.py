"""Tests of `app/api`, over HTTP."""
