"""Traps of pressing with a mouse: controls that answer in their own way, and some that do not answer at all."""

from __future__ import annotations

from trial import Traps, Trial

PRESSING = Traps()


@PRESSING.add()
async def carousel(v: Trial) -> None:
    """Leafs through pictures with quick presses; each is answered."""
    await v.enter("carousel")
    await v.click("#next", times=6, gap=0.33)
    await v.rest()


@PRESSING.add()
async def stepper(v: Trial) -> None:
    """Turns a number up and down with quick presses."""
    await v.enter("stepper")
    await v.click("#more", times=7, gap=0.18)
    await v.click("#less", times=4, gap=0.2)
    await v.rest()


@PRESSING.add()
async def calculator(v: Trial) -> None:
    """Types on a calculator's keys, one of them several times."""
    await v.enter("calculator")
    await v.click("#key-4")
    await v.click("#key-0", times=4, gap=0.2)
    await v.click("#plus")
    await v.click("#key-7", times=3, gap=0.18)
    await v.click("#clear")
    await v.rest()


@PRESSING.add()
async def game(v: Trial) -> None:
    """Plays lights out: one lamp is switched to and fro."""
    await v.enter("game")
    for cell in (4, 1, 3):
        await v.click(f"#cell-{cell}")
    await v.click("#cell-7", times=3, gap=0.3)
    await v.rest()


@PRESSING.add()
async def calendar(v: Trial) -> None:
    """Leafs through the months to the right day."""
    await v.enter("calendar")
    await v.click("#later", times=4, gap=0.25)
    await v.click("#earlier")
    await v.click("#day-17")
    await v.rest()


@PRESSING.add()
async def toggle(v: Trial) -> None:
    """Switches one thing on, and off again on second thoughts; ticks a box."""
    await v.enter("toggle")
    await v.click("#switch")
    await v.pause(1.4, 1.8)
    await v.click("#switch")
    await v.click("#box")
    await v.rest()


@PRESSING.add("dead_click")
async def flicker(v: Trial) -> None:
    """Hammers a switch that only flips to and fro."""
    await v.enter("flicker")
    with v.must("rage_click"):
        await v.click("#heat", times=7, gap=0.35)
    await v.rest()


@PRESSING.add()
async def download(v: Trial) -> None:
    """Takes two files; the page itself stays as it is."""
    await v.enter("download")
    await v.click("#guide")
    await v.rest()
    await v.click("#bare")
    await v.rest()


@PRESSING.add()
async def print_page(v: Trial) -> None:
    """Prints an order; nothing in the page tells of it."""
    await v.enter("print")
    await v.click("#print")
    await v.rest()


@PRESSING.add()
async def copy(v: Trial) -> None:
    """Copies a code, twice to be sure; the page says nothing."""
    await v.enter("copy")
    await v.click("#copy")
    await v.rest()
    await v.click("#copy")
    await v.rest()


@PRESSING.add()
async def audio(v: Trial) -> None:
    """Plays and stops a sound in the browser's own player."""
    await v.enter("audio")
    await v.press_inside("#sound", 0.06, 0.5, times=3)
    await v.rest()


@PRESSING.add()
async def video(v: Trial) -> None:
    """Plays and stops a film by pressing on it."""
    await v.enter("video")
    await v.click("#film")
    await v.pause(1.0, 1.4)
    await v.click("#film", times=3, gap=0.5)
    await v.rest()


@PRESSING.add()
async def select_text(v: Trial) -> None:
    """Selects a word by double click and a paragraph by triple click."""
    await v.enter("select_text")
    await v.click("#story", times=2, gap=0.12)
    await v.pause(1.2, 1.6)
    await v.click("#story", times=3, gap=0.12)
    await v.rest()


@PRESSING.add()
async def consent(v: Trial) -> None:
    """Sends the cookie banner away."""
    await v.enter("consent")
    await v.click("#no")
    await v.rest()


@PRESSING.add()
async def disabled_message(v: Trial) -> None:
    """Presses a button that is not ready, and is told why."""
    await v.enter("disabled_message")
    await v.click("#add")
    await v.rest()


@PRESSING.add()
async def disabled_silent(v: Trial) -> None:
    """Presses a disabled button that does not say why it is disabled."""
    await v.enter("disabled_silent")
    with v.must("dead_click"):
        await v.click("#go_on")
    await v.rest()


@PRESSING.add()
async def optimistic(v: Trial) -> None:
    """Likes something: shown at once, stored a while later."""
    await v.enter("optimistic")
    await v.click("#like")
    await v.rest()


@PRESSING.add()
async def cart_badge(v: Trial) -> None:
    """Adds to the cart: only a number far away changes."""
    await v.enter("cart_badge")
    await v.click("#add")
    await v.pause(1.4, 1.8)
    await v.click("#add")
    await v.rest()


@PRESSING.add()
async def slow(v: Trial) -> None:
    """Asks for something that comes after 1.7 s."""
    await v.enter("slow")
    with v.must("slow_response"):
        await v.click("#ask")
    await v.rest()


@PRESSING.add()
async def drag(v: Trial) -> None:
    """Drags a handle to and fro until the value is right."""
    await v.enter("drag")
    await v.drag("#handle", 240, 2)
    await v.draw(-120, 1, 0.5)
    await v.draw(60, -1, 0.5)
    await v.rest()


@PRESSING.add()
async def canvas(v: Trial) -> None:
    """Draws on a canvas with quick strokes."""
    await v.enter("canvas")
    await v.reach("#sheet")
    for dx in (-120, 120, -110, 110, -90, 90):
        await v.draw(dx, 8, 0.3)
    await v.rest()


@PRESSING.add()
async def map_pan(v: Trial) -> None:
    """Pans and zooms a map by drag, wheel and double click."""
    await v.enter("map")
    await v.drag("#map", -120, -40)
    await v.draw(130, 50, 0.6)
    await v.wheel_at("#map", -3)
    await v.click("#map", times=2, gap=0.12)
    await v.rest()


@PRESSING.add()
async def tabs(v: Trial) -> None:
    """Looks into every tab, quickly."""
    await v.enter("tabs")
    for n in (2, 3, 1, 2):
        await v.click(f"#tab-{n}")
    await v.rest()


@PRESSING.add()
async def accordion(v: Trial) -> None:
    """Opens an answer, closes it, opens the next."""
    await v.enter("accordion")
    await v.click("#ask-1")
    await v.pause(1.0, 1.5)
    await v.click("#ask-1")
    await v.click("#ask-2")
    await v.rest()


@PRESSING.add()
async def modal(v: Trial) -> None:
    """Opens a dialog and closes it, twice."""
    await v.enter("modal")
    for _ in range(2):
        await v.click("#open")
        await v.pause(0.8, 1.2)
        await v.click("#shut")
    await v.rest()


@PRESSING.add()
async def toast(v: Trial) -> None:
    """Keeps something: a note says so in a corner for two seconds."""
    await v.enter("toast")
    await v.click("#keep")
    await v.rest()


@PRESSING.add()
async def live_button(v: Trial) -> None:
    """Presses a button that changes a word beside it."""
    await v.enter("live_button")
    await v.click("#unit")
    await v.pause(1.6, 2.0)
    await v.click("#unit")
    await v.rest()


@PRESSING.add()
async def dead_button(v: Trial) -> None:
    """Presses a button that does nothing."""
    await v.enter("dead_button")
    with v.must("dead_click"):
        await v.click("#apply")
    await v.rest()


@PRESSING.add("dead_click")
async def rage_dead(v: Trial) -> None:
    """Hammers a button that does nothing."""
    await v.enter("rage_dead")
    with v.must("rage_click"):
        await v.click("#book", times=6, gap=0.25)
    await v.rest()


@PRESSING.add()
async def dead_link(v: Trial) -> None:
    """Follows a link that leads nowhere."""
    await v.enter("dead_link")
    with v.must("dead_click"):
        await v.click("#more")
    await v.rest()


@PRESSING.add()
async def dead_div(v: Trial) -> None:
    """Presses what looks like a button and is none."""
    await v.enter("dead_div")
    with v.must("dead_click"):
        await v.click("#offer")
    await v.rest()


@PRESSING.add()
async def new_tab(v: Trial) -> None:
    """Opens a link in another tab; the page stays as it is."""
    await v.enter("new_tab")
    await v.click("#mill")
    await v.rest()


@PRESSING.add()
async def picker(v: Trial) -> None:
    """Opens the browser's own pickers and chooses nothing."""
    await v.enter("picker")
    for field in ("#sort", "#ribbon", "#photo"):
        await v.click(field)
        await v.pause(0.8, 1.2)
        await v.key("Escape")
    await v.rest()


@PRESSING.add("dead_click")
async def error_click(v: Trial) -> None:
    """Presses a button whose script fails."""
    await v.enter("error_click")
    with v.must("error_click"):
        await v.click("#wrap")
    await v.rest()


@PRESSING.add()
async def error_timer(v: Trial) -> None:
    """Changes tabs while a timer fails again and again."""
    await v.enter("error_timer")
    await v.click("#tab-2")
    await v.pause(1.0, 1.5)
    await v.click("#tab-1")
    await v.rest()


@PRESSING.add()
async def near_miss(v: Trial) -> None:
    """Misses a small button by a few pixels, then hits it."""
    await v.enter("near_miss")
    with v.must("near_miss"):
        await v.press_beside("#tiny", 8)
        await v.pause(0.5, 0.8)
        await v.click("#tiny")
    await v.rest()
