"""A game with channels: the room's, a team's, an opened one, and seat to seat."""

from gameserver import Game, Player, message


class Lounge(Game):
    """People talk."""

    needs_start = False
    late_join = True
    chat_to = ("room", "seat")

    def on_create(self) -> None:
        self.chat.open("news", title="News", readonly=True)
        self.chat.open("cellar", group="cellar", title="The cellar")
        self.chat.open("attic", group="attic", history=True)

    @message
    def go(self, player: Player, where: str, enter: bool = True) -> None:
        group = self.group(where)
        if enter:
            group.add(player)
        else:
            group.remove(player)

    @message
    def announce(self, player: Player, text: str, times: int = 1) -> None:
        for time in range(times):
            self.chat.say(f"{text} {time}" if times > 1 else text, "news")

    @message
    def whisper(self, player: Player, text: str) -> None:
        self.chat.say(text, player)

    @message
    def shut(self, player: Player, on: bool) -> None:
        if on:
            self.chat.close()
        else:
            self.chat.open("cellar", group="cellar", title="Open again")
