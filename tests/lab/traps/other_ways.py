"""Traps of reaching a control otherwise: by keyboard and finger, at twice the size, in frames, twice, by a script."""

from __future__ import annotations

from trial import Traps, Trial

OTHER_WAYS = Traps()


@OTHER_WAYS.add()
async def keyboard(v: Trial) -> None:
    """Uses tabs and a dialog with the keyboard alone."""
    await v.open(f"{v.mode}/tabs")
    await v.pause(1.5, 2.0)
    await v.key("Tab", "Enter", "Tab", "Enter", "Tab", "Space")
    await v.open(f"{v.mode}/modal")
    await v.pause(1.0, 1.5)
    await v.key("Tab", "Enter")
    await v.pause(0.8, 1.2)
    await v.key("Escape")
    await v.pause(2.9, 3.1)


@OTHER_WAYS.add(touch=True)
async def touch(v: Trial) -> None:
    """Taps and swipes on a phone; every tap is answered."""
    await v.open(f"{v.mode}/carousel")
    await v.pause(1.5, 2.0)
    for _ in range(4):
        await v.tap("#next")
    await v.open(f"{v.mode}/long")
    await v.swipe(350)
    await v.swipe(-200)
    await v.pause(2.9, 3.1)


@OTHER_WAYS.add(zoom=True)
async def zoom(v: Trial) -> None:
    """Uses a page at twice its size."""
    await v.enter("stepper")
    await v.click("#more", times=4, gap=0.3)
    await v.rest()
    await v.enter("toast")
    await v.click("#keep")
    await v.rest()


@OTHER_WAYS.add()
async def iframe(v: Trial) -> None:
    """Presses a button inside a frame, which answers inside the frame."""
    await v.enter("iframe")
    await v.press_inside("#frame", 0.15, 0.16)
    await v.pause(1.4, 1.8)
    await v.press_inside("#frame", 0.15, 0.16)
    await v.rest()


@OTHER_WAYS.add()
async def shadow(v: Trial) -> None:
    """Presses a button inside a custom element, which answers inside it."""
    await v.enter("shadow")
    await v.click("#stars button", times=4, gap=0.35)
    await v.rest()


@OTHER_WAYS.add()
async def files(v: Trial) -> None:
    """Selects a file with one click and opens it with two."""
    await v.enter("files")
    await v.click("#row-1")
    await v.pause(1.2, 1.6)
    await v.click("#row-2", times=2, gap=0.12)
    await v.rest()


@OTHER_WAYS.add("dead_click", "rage_click", "hesitation")
async def robot(v: Trial) -> None:
    """A script presses all over the page, faster than any hand."""
    await v.enter("long")
    with v.must("automation_artifact"):
        for n in range(6):
            v.jump_press(120 + 380 * (n % 3), 200 + 240 * (n % 2))
            await v.pause(0.09, 0.1)
    await v.rest()
