"""Traps of forms, pages and scrolling: ways that are lost, and ways that only look so."""

from __future__ import annotations

from trial import Traps, Trial

WANDERING = Traps()


@WANDERING.add("dead_click")
async def repeat_submit(v: Trial) -> None:
    """Sends a form again and again, for nothing seems to come of it."""
    await v.enter("repeat_submit")
    await v.type("#name", "Ada")
    await v.type("#street", "Lane 7")
    with v.must("repeat_submit"):
        for _ in range(3):
            await v.click("#send")
            await v.pause(2.6, 3.2)
    await v.rest()


@WANDERING.add()
async def form_abandon(v: Trial) -> None:
    """Begins a form and leaves it."""
    await v.enter("form_abandon")
    with v.must("form_abandon"):
        await v.type("#name", "Ada")
        await v.type("#street", "Lane 7")
        await v.pause(1.0, 1.5)
        await v.follow("#away")
    await v.away()
    await v.pause(8.0, 8.5)
    await v.wander()
    await v.pause(1.5, 1.8)
    await v.wander()


@WANDERING.add()
async def form_finish(v: Trial) -> None:
    """Fills a form and sends it."""
    await v.enter("form_finish")
    await v.type("#name", "Ada")
    await v.type("#street", "Lane 7")
    await v.follow("#send")
    await v.rest()


@WANDERING.add("dead_click")
async def error_shown(v: Trial) -> None:
    """Sends a form and is told of a mistake."""
    await v.enter("error_shown")
    await v.type("#mail", "ada.example")
    with v.must("error_shown"):
        await v.click("#send")
    await v.rest()
    await v.pause(2.5, 2.8)
    await v.wander()


@WANDERING.add()
async def form_refill(v: Trial) -> None:
    """Fills a field, goes on, comes back and fills it with something else."""
    await v.enter("form_refill")
    await v.type("#street", "Orchard Lane 7")
    await v.type("#town", "Berlin")
    with v.must("form_refill"):
        await v.retype("#street", "Mill 2")
    await v.follow("#send")
    await v.rest()


@WANDERING.add("hesitation")
async def field_hesitation(v: Trial) -> None:
    """Stops in a field for five seconds before a word is written."""
    await v.enter("field_hesitation")
    with v.must("field_hesitation"):
        await v.click("#words")
        await v.pause(4.8, 5.4)
        await v.keys("With love")
    await v.follow("#send")
    await v.rest()


@WANDERING.add()
async def hesitation(v: Trial) -> None:
    """Rests on the button that costs money for four seconds, then presses it."""
    await v.enter("hesitation")
    with v.must("hesitation"):
        await v.reach("#pay")
        await v.pause(4.0, 4.6)
        await v.click("#pay")
    await v.rest()


@WANDERING.add("hesitation")
async def pointer_thrash(v: Trial) -> None:
    """Throws the pointer left and right, for the page does not get ready."""
    await v.enter("thrash")
    await v.move(v.width / 2, v.height / 2)
    with v.must("pointer_thrash"):
        await v.shake(12)
    await v.rest()


@WANDERING.add()
async def type_ahead(v: Trial) -> None:
    """Searches as it types, corrects the word, and takes what was meant."""
    await v.enter("type_ahead")
    await v.type("#query", "bos")
    await v.pause(0.8, 1.2)
    await v.retype("#query", "br")
    await v.pause(0.6, 0.9)
    await v.click("#to-Bramley")
    await v.rest()


@WANDERING.add("page_loop")  # which it is too: two pages walked twice
async def page_pingpong(v: Trial) -> None:
    """Opens a page, goes back, opens it again and goes back."""
    await v.enter("shelf")
    with v.must("page_pingpong"):
        await v.step("#to-1")
        await v.back()
        await v.pause(0.6, 1.0)
        await v.step("#to-1")
        await v.back()
    await v.rest()


@WANDERING.add("page_pingpong")
async def gallery_walk(v: Trial) -> None:
    """Opens one thing after another from a list, and looks at each."""
    await v.enter("shelf")
    for n in (1, 2, 3):
        await v.step(f"#to-{n}")
        await v.pause(2.0, 2.6)
        await v.follow("#up")
    await v.rest()


@WANDERING.add("page_pingpong")
async def page_loop(v: Trial) -> None:
    """Walks the same three pages in a circle, twice."""
    await v.enter("shelf")
    with v.must("page_loop"):
        for _ in range(2):
            await v.step("#to-1")
            await v.step("#on")
            await v.step("#on")
        await v.step("#to-1")
    await v.rest()


@WANDERING.add()
async def reload(v: Trial) -> None:
    """Loads a page again, for it seems stuck."""
    await v.enter("blank")
    with v.must("reload"):
        await v.reload()
    await v.rest()


@WANDERING.add()
async def infinite_scroll(v: Trial) -> None:
    """Scrolls down a list that grows."""
    await v.enter("infinite_scroll")
    await v.scroll(1600)
    await v.scroll(1200)
    await v.rest()


@WANDERING.add("hesitation")
async def scroll_hunt(v: Trial) -> None:
    """Scrolls up and down the whole page in search of something."""
    await v.enter("long")
    with v.must("scroll_hunt"):
        for distance in (1500, -1400, 1400, -1300, 1300):
            await v.wheel_at_once(distance)
    await v.rest()


@WANDERING.add()
async def reading(v: Trial) -> None:
    """Reads: small scrolls, rests, a little back."""
    await v.enter("long")
    for distance in (300, 300, -200, 300):
        await v.scroll(distance)
        await v.pause(1.5, 2.5)
    await v.rest()


@WANDERING.add("hesitation")
async def idle_exit(v: Trial) -> None:
    """Stops for half a minute and more, and leaves."""
    await v.enter("stepper")
    await v.click("#more")
    await v.pause(1.0, 1.2)
    with v.must("idle_exit"):
        await v.pause(34.0, 35.0)
        await v.leave()
