"""Hostile traps: what real sites do to a detector. Written to break it, after the rest of the corpus stood."""

from __future__ import annotations

from trial import Traps, Trial

HOSTILE = Traps("hostile")


@HOSTILE.add()
async def blob_export(v: Trial) -> None:
    """A button makes a file by script and saves it; the page does not change."""
    await v.enter("blob_export")
    await v.click("#export")
    await v.rest()


@HOSTILE.add()
async def ticker_answer(v: Trial) -> None:
    """A button answers by what it does to a number that ticks by itself anyway."""
    await v.enter("ticker_answer")
    await v.pause(2.0, 2.4)
    await v.click("#unit")
    await v.rest()


@HOSTILE.add()
async def focus_menu(v: Trial) -> None:
    """A menu opens by style alone, while its button has the focus."""
    await v.enter("focus_menu")
    await v.click("#open")
    await v.rest()


@HOSTILE.add("dead_click")
async def spinner_forever(v: Trial) -> None:
    """A button turns grey at the first press and never comes to anything; it is hammered."""
    await v.enter("spinner_forever")
    with v.must("rage_click"):
        await v.click("#book", times=7, gap=0.3)
    await v.rest()


@HOSTILE.add()
async def late_hydration(v: Trial) -> None:
    """A button is pressed before its script has come, while the page is still being built."""
    await v.open(f"{v.mode}/late_hydration")
    with v.must("dead_click"):
        await v.click("#pay")
    await v.rest()
    await v.pause(2.6, 2.8)
    await v.click("#pay")
    await v.rest()


@HOSTILE.add()
async def countdown_button(v: Trial) -> None:
    """A dead button counts down inside itself."""
    await v.enter("countdown_button")
    await v.pause(2.0, 2.4)
    with v.must("dead_click"):
        await v.click("#reserve")
    await v.rest()


@HOSTILE.add()
async def tracking_pixel(v: Trial) -> None:
    """A dead button, in a page that adds an unseen picture at every click to count it."""
    await v.enter("tracking_pixel")
    with v.must("dead_click"):
        await v.click("#apply")
    await v.rest()


@HOSTILE.add()
async def smooth_top(v: Trial) -> None:
    """A button scrolls to the top, smoothly and after a while."""
    await v.enter("smooth_top")
    await v.scroll(1500)
    await v.pause(1.0, 1.4)
    await v.click("#top_")
    await v.rest()


@HOSTILE.add()
async def hover_followers(v: Trial) -> None:
    """A dead button, in a page where something follows the pointer all the time."""
    await v.enter("hover_followers")
    with v.must("dead_click"):
        await v.click("#apply")
        await v.wander()
    await v.rest()


@HOSTILE.add()
async def ripple(v: Trial) -> None:
    """A dead button that shows a wave at every press, and nothing else."""
    await v.enter("ripple")
    with v.must("dead_click"):
        await v.click("#apply")
    await v.rest()
