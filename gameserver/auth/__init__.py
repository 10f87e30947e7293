"""Who somebody is: one module for each authenticator (guests, accounts, users of others), and what they share."""
