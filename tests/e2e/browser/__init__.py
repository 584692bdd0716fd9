"""The widgets and the pages in Chromium."""
