"""Where rooms outlive their process."""
