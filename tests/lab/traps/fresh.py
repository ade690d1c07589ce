"""Fresh hostile traps: written after the signals were mended by the first ones, and met by them once, as they stood."""

from __future__ import annotations

from trial import Traps, Trial

FRESH = Traps("fresh")


@FRESH.add()
async def popover(v: Trial) -> None:
    """A button shows what the browser itself opens for it: a popover, of which the page tells nothing."""
    await v.enter("popover")
    await v.click("#when")
    await v.rest()


@FRESH.add()
async def animated(v: Trial) -> None:
    """A button answers by an animation alone, which leaves the page as it was."""
    await v.enter("animated")
    await v.click("#ring")
    await v.rest()


@FRESH.add()
async def hover_tooltip(v: Trial) -> None:
    """A dead button with a hint that comes with the pointer and goes with it."""
    await v.enter("hover_tooltip")
    with v.must("dead_click"):
        await v.click("#order")
        await v.pause(0.8, 1.2)
        await v.away()
    await v.rest()


@FRESH.add()
async def pressed_class(v: Trial) -> None:
    """A dead button that a class shows pressed for as long as it is held."""
    await v.enter("pressed_class")
    with v.must("dead_click"):
        await v.click("#join")
    await v.rest()


@FRESH.add()
async def chat(v: Trial) -> None:
    """A dead button, in a page where others talk in a live region."""
    await v.enter("chat")
    await v.pause(2.0, 2.4)
    with v.must("dead_click"):
        await v.click("#call")
    await v.rest()


@FRESH.add()
async def lazy_pictures(v: Trial) -> None:
    """A dead button, pressed while pictures still come that scrolling asked for."""
    await v.enter("lazy_pictures")
    await v.scroll(900)
    with v.must("dead_click"):
        await v.click("#print_")
    await v.rest()


@FRESH.add("dead_click")
async def stepper_limit(v: Trial) -> None:
    """A stepper that stops at four without a word, and is hammered on."""
    await v.enter("stepper_limit")
    with v.must("rage_click"):
        await v.click("#more", times=9, gap=0.35)
    await v.rest()


@FRESH.add()
async def confirm(v: Trial) -> None:
    """A button asks back in a window of the browser's own; the visitor says no."""
    await v.enter("confirm")
    await v.click("#cancel")
    await v.rest()


@FRESH.add()
async def advert(v: Trial) -> None:
    """A dead button, in a page whose advertisement changes every three seconds."""
    await v.enter("advert")
    await v.pause(2.0, 2.4)
    with v.must("dead_click"):
        await v.click("#taste")
    await v.rest()


@FRESH.add()
async def anchor_here(v: Trial) -> None:
    """A link to a place that is in view already: nothing happens."""
    await v.enter("anchor_here")
    with v.must("dead_click"):
        await v.click("#jump")
    await v.rest()
