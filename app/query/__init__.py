"""Reading: from the parameters of a request to events, counts and pages."""
