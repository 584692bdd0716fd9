"""The HTTP API: endpoints, path parameters, errors and the OpenAPI document."""
