"""Who is told what: audiences, patches, slow readers, streams."""
