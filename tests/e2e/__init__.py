"""End-to-end tests with browsers, widgets and generated clients."""
