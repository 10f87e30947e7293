"""What is said between servers and clients: messages, their two forms, patches, values. The bottom layer."""
