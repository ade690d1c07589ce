"""What no number says of a head: where its data came from, and how it will fail."""

from __future__ import annotations

from typing import Final

UNTAUGHT: Final = ("cursory", "human_input_kit")
"""Families of the lab that nothing is trained on."""

_PEOPLE: Final = (
    "SapiMouse (Antal, Fejér and Buza, SACI 2021; repository under Apache-2.0): desktop traces of 58 people at one "
    "task, also replayed through a real browser. Every person here is one of them."
)
_RECORDED: Final = (
    "Recordings of a demonstration shop in headless Chromium, by rrweb 1.1.3 and 2.x and PostHog's recorder: people's "
    "traces replayed by scripts, and real automation tools."
)

DATA: Final[dict[str, tuple[str, ...]]] = {
    "bot": (
        _PEOPLE,
        _RECORDED,
        "Pointing sequences made by running twenty families of cursor libraries and plain tools; the timing of some "
        "was chosen when they were run, for their libraries give paths only.",
        "DELBOT-Mouse (MIT): people of six devices and three automation tools, dragging; called `elsewhere` here. Its "
        "people are not known one by one, so they bear out no bound.",
        "All traces were put through one instrument: one viewport, whole pixels, random zoom, the stalls of a busy "
        "machine on half of them, and rrweb's own sampling of one position per 50 ms.",
        "What is missing says nothing in training: each row also hides what a row of the other class lacks.",
        "The lab, called `lab`: people's reaches guided to the same goals in the shop as the tools, a minute and more "
        "of each, on one page build and recorder. The machine was so busy that positions came at 100 ms and more where "
        "50 ms is usual, for people and tools alike and side by side; it shows what such a machine leaves to be seen.",
        "Tools of the lab, none of which ships: Playwright, Puppeteer and Selenium (each Apache-2.0), "
        "ghost-cursor (ISC), humancursor-playwright (MIT), cursory (LGPL-3.0-or-later, whose paths are morphed from "
        "recorded ones), human-input-kit (MIT).",
        "Its training vectors ship beside it; people and sessions in them are hashed. The recordings do not ship.",
        "The six people whose reaches are in the sample sessions are among the 58: the samples show it at work and "
        "test nothing.",
    ),
    "frustration": (
        _RECORDED,
        "A struggle is what the script meant (a dead coupon button clicked in anger, validation errors, going back and "
        "forth, thrashing, dead clicks, console errors), not what a person said. Calm ones are twins of these, "
        "ordinary visits, and look-alikes: carousel, gallery, calculator, selecting by double click, keyboard, touch, "
        "idling.",
        "The lab's pairs, called `twins`: fourteen controls that answer or do not (dead, slow, refused, failing "
        "without a word), each script played twice by one hand with the same draws. What a dead control would have "
        "changed is changed elsewhere and later, so that counts tell nothing.",
        "The hand is a person's; when and what it clicks is a script's.",
        "Its training vectors ship beside it; the recordings do not.",
    ),
    "conversion": (
        "A site's own sessions with the goals that they reached, or a simulated history where it says so.",
    ),
}

OF_LABELS: Final = (
    "It has learned what those who labelled called so, on the pages that they saw. Where the site changes, or others "
    "would call it otherwise, it does not know.",
    "What was chosen to be labelled is no fair sample unless the lottery drew it: on other sessions rank and "
    "probability may be worse than here.",
    "Where the recorder cannot see what a control does, or a channel was never recorded, it says nothing of it.",
)
"""How a head fails that was trained on a site's own labels, where its file does not say."""

FAILURES: Final[dict[str, tuple[str, ...]]] = {
    "bot": (
        "A program that replays a fresh trace of a real person moves as that person does: from events alone nobody can "
        "tell it, and this head does not try. It never says that somebody is human.",
        "Without a mouse there is little to judge: by touch or keyboard it speaks on physically impossible acts alone, "
        "says `undetermined`, and misses most automation that sends no pointer (script-dispatched events, scrapers).",
        "58 people at a desktop, one task, mostly young and with a mouse: tremor, trackballs, head pointers, eye gaze, "
        "voice grids, remote desktops and very old or very young hands are not among them and may be taken for "
        "automation. Gaze and voice pointers jump as plain tools do.",
        "58 people carry a bound of 10 % only. To decide about people, bring your own: "
        "`watchworthy train bot --negatives`.",
        "At another task people move in another way. With the other set held out whole, most of its people pass the "
        "threshold (the table says how many): a site whose visitors drag, draw or play needs people of its own.",
        "Which features and how many trees was settled while looking at held-out families a few times, so the table by "
        "family flatters a little. Only tools and people that nobody here has seen would not.",
        "On a starved machine a person's movement breaks into pieces. One person of the lab scores so high there that "
        "the threshold rose: fewer tools are called than their ranks would allow, and slow machines of your own "
        "visitors may do the same to your bound.",
        "New libraries move as nothing here does. The table by family says how far such a jump may carry.",
        "A recorder that samples the pointer more rarely than every 50 ms, or not at all, hides what it reads.",
        "The recorder matters: ours says of each press which kind of pointer made it. On 70 quiet traps, recorded at "
        "once by ours, plain rrweb 2, rrweb 1 and PostHog's, the verdict differed on one: a mouse that was pressed "
        "where it had never moved to is called automation with ours, and not with the others.",
    ),
    "frustration": (
        "It reads scripted struggles of one demonstration shop. On another site, where pages answer in other ways, its "
        "probability is a first guess; labels of your own matter more than this starter.",
        "On these recordings the plain sum of signals by severity, which needs no training, ranks as well as it; "
        "and the thresholds of the signals were settled with such recordings at hand, so both flatter.",
        "Who compares, to and fro between a list and its items, walks as who has lost the way does: the calm sample "
        "`calm-compare` is flagged.",
        "A shaken pointer counts as a gesture, in the sum of signals alone. Speed, path and tremor do not count.",
        "The recorder matters: ours tells requests. On 70 quiet traps, recorded at once by ours and three others, that "
        "changed the signals of two: a failed request made an error of a dead press, and a slow one behind a page that "
        "had answered at once was called a slow answer, wrongly.",
        "It cannot see what a person felt. Someone who gives up calmly looks calm; a game or a calculator looks busy.",
        "Where the recorder cannot see what a control does (downloads, new tabs, canvases), it says nothing of it.",
        "Struggles without a reaction to miss - reading and not understanding, looking for what is not there - carry "
        "little of what it reads.",
        "Pages that answer slowly for everybody raise it for everybody: it sees the site's fault and not a person's.",
    ),
    "conversion": (
        "It learns who buys, not why, and cannot say what would have made a visitor buy.",
        "A change of the site, of prices or of who comes makes it old: watch its calibration.",
        "Totals such as pages so far are partly time: it is compared at landmarks, and between them it interpolates.",
    ),
}
