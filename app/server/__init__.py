"""The layers between the socket and the application: connections, responses, cache and log."""
