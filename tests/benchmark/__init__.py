"""What is measured, never asserted: machines are noisy."""
