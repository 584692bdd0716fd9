"""Every shape that clients send or receive."""
