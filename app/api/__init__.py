"""The HTTP API: endpoints, parameters of paths, errors and the OpenAPI document."""
