"""How bytes come and go: WebSockets, their frames, and the sessions behind them."""
