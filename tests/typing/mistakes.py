"""What checkers must find: each line that ends in ``# wrong`` has an error, and no other line has one."""

from gameserver import Game, Player, message, question, timer


class Mistaken(Game):
    min_players = "two"  # wrong
    durability = "commited"  # wrong
    hold_s = "2 min"  # wrong

    def on_join(self, seat: int) -> None:  # wrong
        pass

    @message(by=7)  # wrong
    def play(self, player: Player) -> None:
        self.after("soon", self.end)  # wrong
        self.send(12)  # wrong
        self.kick("Ann")  # wrong
        player.hold("long")  # wrong
        self.group(1)  # wrong
        self.pick.ask(of=[1, 2])  # wrong
        self.pick.answer(player)  # wrong
        player.number + 1  # wrong
        self.send(self.statuss)  # wrong

    @timer
    def end(self) -> None:
        self.over("Ann")  # wrong

    @question
    def pick(self, player: Player, card: int) -> int:
        return card

    @pick.done
    def picked(self, answers: object) -> None: ...
