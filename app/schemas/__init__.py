"""The schemas of everything that clients send or receive."""
