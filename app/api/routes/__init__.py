"""The endpoints, by what they return."""
