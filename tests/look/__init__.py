"""Every scene of every sample game, on the screens that people have: nothing cut, nothing that scrolls on a TV."""
