"""Who somebody is: guests, accounts, and other people's users, one authenticator a module, and what they share."""
