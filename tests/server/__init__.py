"""Tests of `app/server`, over real sockets where possible."""
