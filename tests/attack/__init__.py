"""
Attacks on the real server, one function each: ``make attack``, or ``make attack ARGS="pings bans"`` for some of them.

Each is made against a fresh ``twistd gameserver`` on a free port of this machine's loopback, from an address of its own
(``127.0.0.2``), while a client in another process (`victim`, from ``127.0.0.1``) measures how fast it is answered. An
attack is held off if that client's median answer stays below 20 ms, the server grows by less than 64 MB, logs no
traceback and lives, and the attack did not reach its goal. The program ends with 1 if one was not held off.

The modules `floods`, `requests`, `doors` and `people` hold the attacks; `stage` starts and measures; `line` is a bare
client. It needs Linux: memory is read from ``/proc``, and any address of ``127.0.0.0/8`` may be used.
"""
