"""What is said over HTTP: requests as bytes into the site's own protocol, answers as bytes out of it, no port."""
