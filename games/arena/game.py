"""
Arena, for a page that shows it: up to 16 discs push each other about, and pick up coins.

The host starts; a round takes the option ``seconds``, as the timer ``finish`` tells. Whoever has the most coins wins:
``info.result`` is ``{winner: seat | null, scores: {seat: int}}``; nobody wins if nobody has a coin, or if several have
the most. Newcomers may come at any time. The host may start again.

The document of the room; places are in tenths of a pixel on a field of 16,000 by 9,000::

    tick      the step of the round that this is, from 0; 20 a second, also where ticks were skipped
    bodies    {seat: [x, y, vx, vy, n]}: place, speed in tenths of a pixel a step, the last command followed
    dashes    {seat: n}: the number of the first command that may dash again
    coins     {coin: [x, y]}
    scores    {seat: coins}

Message: ``steer {n, x, y, dash?}``, without an id, 20 a second. `n` counts up by one from the body's; `x` and `y` are
-8 to 8. Each command is one step of the player's own disc. A disc follows its commands in order, no more of them than
steps have passed, so that a page can compute in advance where its commands lead (``page/prediction.js``).

Event (volatile): ``hit {by: seat, who: seat, x, y, lost: coins}``.
"""

from typing import Annotated, Final

from msgspec import Meta

from gameserver import Game, Player, message, timer

from .motion import DASH_REST, HEIGHT, HIT, HZ, PUSH, RADIUS, WIDTH, Body, bump, step

COIN_RADIUS: Final = 140
LOST: Final = 3
"""Coins that a disc loses when it is hit, if it has so many."""
CREDIT: Final = 4
"""Steps that a disc may be behind: if commands come late it catches up, and if none come at all it rolls on."""
SPARE: Final = 2
"""Commands that may wait for their step; with more, the lag would stay."""
COIN_EVERY: Final = 8
"""Steps between two new coins."""

Push = Annotated[int, Meta(ge=-PUSH, le=PUSH)]
Number = Annotated[int, Meta(ge=0, le=2**31)]


class Arena(Game):
    """Push, dash, and pick up more coins than the others."""

    title = "Arena"
    max_players = 16
    roles = {"spectator": 50, "screen": 2}
    late_join = True
    hold_s = 60
    tick_hz = HZ
    durability = "relaxed"
    messages_per_s = 3 * HZ

    def on_create(self, seconds: Annotated[int, Meta(ge=10, le=600, title="Seconds a round")] = 90) -> None:
        self.state.update(tick=0, bodies={}, dashes={}, coins={}, scores={})
        self.secret.update(queues={}, credits={}, began_s=None, coins=0)

    def on_join(self, player: Player) -> None:
        if player.role == "player":
            self.place(player.id)

    def on_leave(self, player: Player) -> None:
        for of in (self.state["bodies"], self.state["dashes"], self.state["scores"], *self.of_seats()):
            of.pop(player.id, None)

    def of_seats(self):
        """Return what is kept for each seat and told to nobody."""
        return self.secret["queues"], self.secret["credits"]

    def place(self, seat: str) -> None:
        """Put a seat's disc somewhere, at rest; it goes on from the number of the last command that it followed."""
        known = self.state["bodies"].get(seat)
        x, y = self.free_place(2 * RADIUS)
        self.state["bodies"][seat] = [x, y, 0, 0, known[4] if known else 0]
        self.state["dashes"][seat] = 0
        self.state["scores"][seat] = 0
        self.secret["queues"][seat] = []
        self.secret["credits"][seat] = 0

    def free_place(self, margin: int) -> tuple[int, int]:
        """Return a place without a disc nearby; after ten tries, any place."""
        for _ in range(10):
            x, y = self.random.randint(margin, WIDTH - margin), self.random.randint(margin, HEIGHT - margin)
            if all(_apart(x, y, body) > (3 * RADIUS) ** 2 for body in self.state["bodies"].values()):
                break
        return x, y

    # A round

    def on_start(self) -> None:
        self.state.update(tick=0, coins={})
        self.secret.update(began_s=None)
        for player in self.players:
            self.place(player.id)
        for _ in range(self.coins_wanted()):
            self.drop_coin(*self.free_place(2 * RADIUS))
        self.after(self.options["seconds"], self.finish, show=True)

    @timer
    def finish(self) -> None:
        """The round is over."""
        scores = dict(self.state["scores"])
        most = max(scores.values(), default=0)
        best = [seat for seat, score in scores.items() if score == most]
        self.over(winner=best[0] if most and len(best) == 1 else None, scores=scores)

    @message(durable=False)
    def steer(self, player: Player, n: Number, x: Push, y: Push, dash: bool = False) -> None:
        """Take the command for one step; it waits for its tick."""
        queue = self.secret["queues"][player.id]
        last = queue[-1][0] if queue else self.state["bodies"][player.id][4]
        if self.status == "playing" and n > last:
            if len(queue) == CREDIT + SPARE:
                del queue[0]
            queue.append([n, x, y, dash])

    def on_tick(self, dt_s: float) -> None:
        steps = self.steps()
        before = {seat: Body(*body) for seat, body in self.state["bodies"].items()}
        bodies = {seat: self.follow(seat, body, steps) for seat, body in before.items()}
        self.meet(bodies)
        for seat, body in bodies.items():
            # What did not change is not sent: a disc at rest costs nothing.
            if body != before[seat]:
                self.state["bodies"][seat] = list(body)
        self.gather(bodies)
        if self.state["tick"] % COIN_EVERY == 0 and len(self.state["coins"]) < self.coins_wanted():
            self.drop_coin(*self.free_place(2 * RADIUS))

    def steps(self) -> int:
        """Return how many steps have passed since the last tick: one, unless ticks were late."""
        if self.secret["began_s"] is None:
            self.secret["began_s"] = self.played_s - 1 / HZ
        tick = round((self.played_s - self.secret["began_s"]) * HZ)
        steps = tick - self.state["tick"]
        self.state["tick"] = tick
        return steps

    def follow(self, seat: str, body: Body, steps: int) -> Body:
        """Let a disc follow the commands that have come, as many as there were steps; return where it is then."""
        queue = self.secret["queues"][seat]
        known = self.secret["credits"][seat]
        credit = min(CREDIT, known + steps)
        # Two may wait, so that unevenly sent commands move it evenly; of more, two a step, so that nothing leaps.
        done = min(credit, len(queue), steps * (2 if len(queue) > SPARE else 1))
        for n, x, y, dash in queue[:done]:
            body = self.obey(seat, body, n, x, y, dash)
        credit -= done
        if credit == CREDIT:
            body = step(body, body.n, 0, 0, False)
            credit -= 1
        late = max(0, len(queue) - done - max(SPARE, credit))
        if late:
            body = body._replace(n=queue[done + late - 1][0])
        if done + late:
            self.secret["queues"][seat] = queue[done + late :]
        if credit != known:
            self.secret["credits"][seat] = credit
        return body

    def obey(self, seat: str, body: Body, n: int, x: int, y: int, dash: bool) -> Body:
        """Move a disc by one command."""
        dash = dash and n >= self.state["dashes"][seat] and (x, y) != (0, 0)
        if dash:
            self.state["dashes"][seat] = n + DASH_REST
        return step(body, n, x, y, dash)

    def meet(self, bodies: dict[str, Body]) -> None:
        """Let discs that touch push each other."""
        seats = list(bodies)
        for i, a in enumerate(seats):
            for b in seats[i + 1 :]:
                # Most are far from each other, which one number shows.
                if abs(bodies[a].x - bodies[b].x) >= 2 * RADIUS:
                    continue
                faster = _speed(bodies[a]) >= _speed(bodies[b])
                bodies[a], bodies[b], met = bump(bodies[a], bodies[b])
                if met > HIT:
                    self.hit(a if faster else b, b if faster else a, bodies[b if faster else a])

    def hit(self, by: str, who: str, body: Body) -> None:
        """A disc was run into: it loses coins, which then lie around it."""
        lost = min(LOST, self.state["scores"][who])
        if lost:
            self.state["scores"][who] -= lost
        for _ in range(lost):
            dx, dy = (self.random.choice((-1, 1)) * self.random.randint(RADIUS, 4 * RADIUS) for _ in range(2))
            x, y = (min(max(at, RADIUS), size - RADIUS) for at, size in ((body.x + dx, WIDTH), (body.y + dy, HEIGHT)))
            self.drop_coin(x, y)
        self.send("hit", {"by": by, "who": who, "x": body.x, "y": body.y, "lost": lost}, volatile=True)

    # Coins

    def coins_wanted(self) -> int:
        """Return how many coins should lie on the field."""
        return 6 + len(self.state["bodies"])

    def drop_coin(self, x: int, y: int) -> None:
        """Put a new coin on the field."""
        self.secret["coins"] += 1
        self.state["coins"][str(self.secret["coins"])] = [x, y]

    def gather(self, bodies: dict[str, Body]) -> None:
        """Let discs take the coins that they touch."""
        reach = RADIUS + COIN_RADIUS
        taken = []
        for coin, (x, y) in self.state["coins"].items():
            # Most are far away, which one number shows.
            near = [(_apart(x, y, body), seat) for seat, body in bodies.items() if -reach < body.x - x < reach]
            if near and min(near)[0] < reach * reach:
                taken.append((coin, min(near)[1]))
        for coin, seat in taken:
            del self.state["coins"][coin]
            self.state["scores"][seat] += 1


def _apart(x: int, y: int, body) -> int:
    """Return the square of the distance of a disc."""
    return (x - body[0]) ** 2 + (y - body[1]) ** 2


def _speed(body: Body) -> int:
    return body.vx * body.vx + body.vy * body.vy
