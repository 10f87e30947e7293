from gameserver import Game, Move, bot, message
from gameserver.bots import search

WAYS = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y]


class Reversi(Game):
    min_players = max_players = 2
    bank_s, increment_s = 600, 5
    absent = "stand_in"

    def on_start(self):
        cells = [None] * 64
        cells[27] = cells[36] = 1
        cells[28] = cells[35] = 0
        self.state["cells"] = cells
        self.turns.begin()

    def flips(self, me, cell):
        cells, found = self.state["cells"], []
        if cells[cell] is not None:
            return found
        for dx, dy in WAYS:
            x, y, line = cell % 8 + dx, cell // 8 + dy, []
            while 0 <= x < 8 and 0 <= y < 8 and cells[8 * y + x] == 1 - me:
                line.append(8 * y + x)
                x, y = x + dx, y + dy
            if 0 <= x < 8 and 0 <= y < 8 and cells[8 * y + x] == me:
                found += line
        return found

    def moves(self, player):
        return [
            Move("place", {"cell": c}, "abcdefgh"[c % 8] + str(c // 8 + 1))
            for c in range(64)
            if self.flips(player.number, c)
        ]

    @message(turn=True, undo=True)
    def place(self, player, cell: int):
        for c in (*self.flips(player.number, cell), cell):
            self.state["cells"][c] = player.number
        self.turns.next()
        if not self.moves(self.turns.current):
            self.turns.next()
            if not self.moves(self.turns.current):
                self.finish()

    def finish(self):
        n = {p.id: self.state["cells"].count(p.number) for p in self.players}
        order = sorted(self.players, key=lambda p: -n[p.id])
        self.over(ranking=[order] if n[order[0].id] == n[order[1].id] else [[p] for p in order], scores=n)

    def on_timeout(self, player):
        self.over(ranking=[[p] for p in self.turns.order if p != player] + [[player]], timeout=True)

    @bot("hard", title="Hard")
    async def hard(self, player, moves):
        return await search(self, player, 1.0)
