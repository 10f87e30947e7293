"""Who somebody is: tokens, and one day accounts, tickets and other people's users."""
