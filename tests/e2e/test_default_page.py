"""The page of games that bring none, in a real browser: whole games by its buttons alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.browser import PHONE, TV, People, Someone, browse, need
from tests.e2e.kit import ServerCase, from_thread

SMALL = {**PHONE, "viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}
PLAYED = Path(__file__).parent.parent / "room" / "turns" / "played"

MARKET = '''
from typing import Annotated

from gameserver import Game, Move, Player, Some, message
from msgspec import Meta

FRUIT = "Apple Banana Cherry Date Elder Fig Grape Hazel Ivy Jujube Kiwi Lemon Melon Nut".split()

class Market(Game):
    """Each kind of choice once."""
    min_players, max_players = 2, 3
    roles = {"screen": 1}
    ready_check = True
    bank_s = 600

    def on_start(self):
        self.state.update(heap=9, taken={p.id: 0 for p in self.players}, log=[])
        self.turns.begin()

    def on_turn(self, player):
        self.turns.prompt("Take some, {who}", "{who} thinks", who=player)

    def moves(self, player):
        others = [p for p in self.players if p != player]
        yield Move("take", None, "Take {n}", "heap", choices={"n": range(1, 4)})
        yield Move("swap", None, "Swap {cards} with {to}", choices={"cards": Some(FRUIT, 2), "to": others})
        yield Move("bid", None, "Bid {amount}", choices={"amount": range(1, 100)})
        yield Move("pick", None, "Pick {fruit}", choices={"fruit": FRUIT})
        yield Move("offer", {"kind": "fair"}, "Offer {give}", choices={"give": ..., "note": ...})

    @message(turn=True, undo=True)
    def take(self, player, n: int):
        self.state["heap"] -= n
        self.state["taken"][player.id] += n
        if self.state["heap"] <= 0:
            others = [p for p in self.players if p != player]
            self.over(ranking=[[player], others], scores=dict(self.state["taken"]), lucky=player)
        else:
            self.turns.next()

    @message(turn=True)
    def swap(self, player, cards: list[str], to: Player):
        self.state["log"].append(f"{player.name} swaps {'+'.join(cards)} with {to.name}")

    @message(turn=True)
    def bid(self, player, amount: int):
        self.state["log"].append(f"bids {amount}")

    @message(turn=True)
    def pick(self, player, fruit: str):
        self.state["log"].append(f"picks {fruit}")

    @message(turn=True)
    def offer(self, player, kind: str, give: dict[str, Annotated[int, Meta(ge=1, le=20)]], note: str):
        self.state["log"].append(f"{kind}: {give} {note}")
'''

SHORT_TARGETS = """() => ["main", "dialog"].flatMap((where) => [
    ...document.querySelectorAll(["button", "summary", "input", "select"].map((tag) => `${where} ${tag}`).join()),
  ])
  .filter((node) => node.checkVisibility() && !node.closest("game-chat"))
  .map((node) => [(node.closest("label") ?? node).getBoundingClientRect(), node.textContent || node.id])
  .filter(([{ height }]) => height < 43.5).map(([, text]) => text)"""


def dialog(someone: Someone) -> Any:
    return someone.page.get_by_role("dialog")


def on_turn(someone: Someone) -> None:
    someone.sees(".state-line", "Your turn")


class DefaultPageTests(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    async def test_a_game_is_played_by_its_buttons(self) -> None:
        """Bots, ready marks, each kind of picker, undo, a stale tab, a reload, a restart, the result, and again."""
        server = self.server(games=self.games(market=MARKET))
        await server.start()

        def play(people: People) -> None:
            ann, bob, screen = (
                people("Ann", axe=True),
                people("<b>Bob</b>", SMALL, axe=True),
                people("Screen", TV, axe=True),
            )
            code = ann.create("market")
            bob.join("market", code)
            bob.sees(".seats", "<b>Bob</b>")
            screen.go(f"/play/market/?room={code}&role=screen").sees(".share .code", code)
            ann.press("Add a bot")
            bob.sees(".seat .note", "bot")
            ann.press("Remove Random")
            ann.page.locator(".seat .note").filter(has_text="bot").wait_for(state="detached")
            bob.press("I am ready")
            ann.sees("p", "1 of 2 ready")
            self.look(ann, bob, screen)
            ann.press("Start")
            on_turn(ann)
            bob.sees(".state-line", "Ann\u2019s turn")
            screen.sees(".prompt", "Ann thinks")
            self.assertEqual(bob.page.get_by_role("button", name="Take 1").count(), 0)
            self.pick_everything(ann)
            self.take_back(ann, bob)
            self.look(ann, bob, screen)
            self.press_what_is_stale(ann, bob)
            bob.page.reload()
            bob.sees(".state-line", "Ann\u2019s turn")
            bob.page.wait_for_load_state("networkidle")
            from_thread(server.kill)
            ann.sees(".banner", "Reconnecting")
            from_thread(server.start)
            for each in (ann, bob, screen):
                each.page.locator(".banner").wait_for(state="hidden")
                each.complaints[:] = [
                    text for text in each.complaints if "/healthz" not in text
                ]  # asked while it was down
            ann.press("Take 3")
            on_turn(bob)
            bob.press("Take 3")
            for each, text in ((bob, "You win"), (ann, "<b>Bob</b> wins"), (screen, "<b>Bob</b> wins")):
                each.sees_heading(text)
                step = each.sees(".podium .step-1")
                self.assertEqual(step.locator(".name").all_inner_texts(), ["<b>Bob</b>"])
                self.assertIn("5", step.locator(".points").inner_text())
                each.sees(".stat", "Lucky")
            self.look(ann, bob, screen)
            ann.press("Play again")
            on_turn(ann)
            ann.sees_none(".podium")

        await browse(server.port, play)

    def look(self, *everybody: Someone) -> None:
        """Nothing stands out to the side, is too small for a finger, or bars somebody's way."""
        for each in everybody:
            each.fits()
            self.assertEqual(each.examine("default page"), [])
            self.assertEqual(each.page.evaluate(SHORT_TARGETS), [])
            self.assertEqual(each.page.locator("main b, main i").count(), 0)

    def pick_everything(self, ann: Someone) -> None:
        """Of some items so many, a number, one of many, and what may be anything."""
        ann.press("Swap … with …")
        box = dialog(ann)
        self.look(ann)
        box.get_by_label("Banana").check()
        ann.press("Do it")
        ann.sees("dialog .error", "Choose 2")
        box.get_by_label("Filter").fill("me")
        self.assertFalse(box.get_by_label("Banana").is_visible())
        box.get_by_label("Melon").check()
        self.assertTrue(box.get_by_label("Apple").is_disabled())
        box.get_by_label("<b>Bob</b>").check()
        ann.press("Do it")
        ann.sees(".piece", "Ann swaps Banana+Melon with <b>Bob</b>")
        ann.sees_none("dialog")

        ann.press("Bid …")
        dialog(ann).get_by_label("Amount").fill("100")
        ann.press("Do it")
        ann.sees("dialog .error", "Amount: 1 to 99.")
        dialog(ann).get_by_label("Amount").fill("42")
        ann.page.keyboard.press("Enter")
        ann.sees(".piece", "bids 42")

        ann.press("Pick …")
        dialog(ann).get_by_label("Filter").fill("ki")
        dialog(ann).get_by_role("button", name="Kiwi").click()
        ann.sees(".piece", "picks Kiwi")

        ann.press("Offer …")
        dialog(ann).get_by_label("Give 1: what").fill("wood")
        dialog(ann).get_by_label("Give 1: how many").fill("21")
        dialog(ann).get_by_label("Note").fill("<i>now</i>")
        self.look(ann)
        ann.press("Do it")
        ann.sees("dialog .error", "At most 20")
        dialog(ann).get_by_label("Give 1: how many").fill("2")
        ann.press("Do it")
        ann.sees(".piece", "fair: {'wood': 2} <i>now</i>")
        ann.sees_none("dialog")

    def take_back(self, ann: Someone, bob: Someone) -> None:
        ann.press("Take 1")
        on_turn(bob)
        ann.press("Take back")
        on_turn(ann)
        bob.sees(".state-line", "Ann\u2019s turn")
        bob.sees(".stat", "Heap").filter(has_text="9").wait_for()

    def press_what_is_stale(self, ann: Someone, bob: Someone) -> None:
        """A tab hears nothing while Ann and Bob move: its button is for a turn that is over, though she is on again."""
        held: list[tuple[Any, Any]] = []
        is_held = False

        def route(socket: Any) -> None:
            def hear(message: Any) -> None:
                held.append((socket, message)) if is_held else socket.send(message)

            socket.connect_to_server().on_message(hear)

        tab = ann.page.context.new_page()
        tab.route_web_socket("**/ws", route)
        tab.goto(ann.page.url)
        tab.get_by_role("button", name="Take 3").wait_for()
        is_held = True
        ann.press("Take 1")
        on_turn(bob)
        bob.press("Take 2")
        on_turn(ann)
        tab.get_by_role("button", name="Take 3").click()
        is_held = False
        while held:
            socket, message = held.pop(0)
            socket.send(message)
        tab.locator(".toast").filter(has_text="too late").wait_for()
        tab.locator(".stat").filter(has_text="Heap").filter(has_text="6").wait_for()
        tab.close()

    async def test_a_given_game_is_played_to_its_end(self) -> None:
        """Firefighters, whom nobody has written a page for: both spend their points at once, round by round."""
        server = self.server(games=self.games(fire=(PLAYED / "coop.py").read_text("utf-8")))
        await server.start()

        def play(people: People) -> None:
            ann, bob = people("Ann"), people("Bob", SMALL)
            bob.join("firefighters", ann.create("firefighters"))
            bob.sees(".seats", "Bob")
            ann.press("Start")
            for each in (ann, bob):
                on_turn(each)
                each.sees(".turn-time", ":")
            ann.press("Go to 1")
            ann.press("Take back")
            ann.press("Go to 6")
            ann.press("Give a point to Bob")
            goes_on = ann.page.locator(".state-line").filter(has_text="Your turn")
            while True:
                goes_on.or_(ann.page.locator(".end-of")).first.wait_for()
                if ann.page.locator(".end-of").count():
                    break
                ann.press("Done")
                ann.sees(".state-line", "Waiting for Bob")
                bob.press("Done")
            for each in (ann, bob):
                each.sees_heading("All lost")
                each.fits()

        await browse(server.port, play)

    async def test_bots_play_along_and_for_somebody(self) -> None:
        """Two people and two bots at hearts; Bob hands his seat to a bot, and takes it back."""
        source = (PLAYED / "hearts.py").read_text("utf-8").replace("turn_s = 60", "turn_s, bot_s = 600, (0.0, 0.1)")
        source = source.replace("class Hearts(", "class Tricks(")  # ours is another, with a page of its own
        server = self.server(games=self.games(tricks=source), samples=True)
        await server.start()

        def play(people: People) -> None:
            ann, bob = people("Ann"), people("Bob", SMALL)
            bob.join("hearts", ann.create("tricks"))
            bob.sees(".seats", "Bob")
            ann.page.get_by_label("How well the bot plays").select_option("Plays low")
            for bots in (1, 2):
                ann.press("Add a bot")
                ann.counts(".bots button.quiet", bots)
            ann.press("Start")
            bob.press("Let a bot play for me")
            ann.sees(".seat .note", "a bot plays")
            bob.sees(".state-line", "Waiting for Ann")  # for her alone: his bot has passed his cards, as the others
            from_thread(server.kill)
            for each in (ann, bob):
                each.sees(".banner", "Reconnecting")
            from_thread(server.start)
            for each in (ann, bob):
                each.page.locator(".banner").wait_for(state="hidden")
                each.complaints.clear()  # of what was asked while it was down
            bob.press("Play on yourself")
            ann.page.locator(".seat .note").filter(has_text="a bot plays").wait_for(state="detached")
            ann.press("Pass …")
            for card in dialog(ann).get_by_role("checkbox").all()[:3]:
                card.check()
            ann.press("Do it")
            ann.page.get_by_role("button", name="Pass …").wait_for(state="detached")
            waiting = {ann, bob}
            while waiting:  # each by their own page: the other's may not have heard yet whose turn it is
                ready = [each for each in waiting if each.page.locator(".moves .options button").count()]
                if not ready:
                    ann.page.wait_for_timeout(50)
                    continue
                someone = ready[0]
                card = someone.page.locator(".moves .options button").first
                name = card.inner_text()
                card.click()
                someone.page.get_by_role("button", name=name, exact=True).wait_for(state="detached")
                waiting.discard(someone)
            for each in (ann, bob):
                each.fits()

        await browse(server.port, play)
