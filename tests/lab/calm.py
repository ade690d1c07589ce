"""Visits without trouble: people who look, compare, ask, read, play and buy."""

from __future__ import annotations

from scenarios import Scenarios
from visit import Visit

CALM = Scenarios("calm")

BUYER = {
    "name": "Ada Lovett",
    "email": "ada@example.org",
    "phone": "+49 30 555 0142",
    "street": "Moon Lane 7",
    "postcode": "10115",
    "city": "Berlin",
    "card": "4242424242424242",
    "expiry": "09/29",
    "cvc": "123",
}


@CALM.add(consent=False)
async def browse(v: Visit) -> None:
    """Looks around: home, the list, one lamp, back to the list, another lamp."""
    await v.open("index.html")
    await v.wander(2)
    await v.click("#consent-yes")
    await v.click("#cord")
    await v.pause(0.8, 1.4)
    await v.click("#cord")
    await v.follow("#see-lamps")
    await v.scroll(700)
    await v.wander()
    await v.follow('a[href="lamp.html?id=puddle"]')
    await v.pause(1.5, 2.5)
    await v.follow("#back")
    await v.scroll(1500)
    await v.follow('a[href="lamp.html?id=comet"]')
    await v.wander(2)


@CALM.add()
async def compare(v: Visit) -> None:
    """Compares table lamps, one after another, and keeps one in the cart."""
    await v.open("lamps.html")
    await v.click("#kind-table")
    await v.wander()
    for lamp in ("moth", "fennel"):
        await v.follow(f'a[href="lamp.html?id={lamp}"]')
        await v.click("#next")
        await v.pause(1.0, 1.8)
        await v.scroll(200)
        await v.follow("#back")
        await v.click("#kind-table")
    await v.follow('a[href="lamp.html?id=fennel"]')
    await v.click("#add")
    await v.pause(1.2, 2.0)


@CALM.add()
async def search(v: Visit) -> None:
    """Searches with the help of suggestions, and opens what was meant."""
    await v.open("index.html")
    await v.wander()
    await v.type("#search", "qui")
    await v.pause(0.5, 0.9)
    await v.follow("#suggestions a")
    await v.wander()
    await v.type("#search", "pendant")
    await v.key_follow("Enter")
    await v.wander(2)
    await v.scroll(300)


@CALM.add(cart=(("moth", 2),))
async def buy(v: Visit) -> None:
    """Buys two lamps without a slip."""
    await v.open("cart.html")
    await v.wander()
    await v.follow("#to-checkout")
    for field, text in BUYER.items():
        await v.type(f"#{field}", text)
    await v.click("#terms")
    await v.follow("#pay")
    await v.wander()


@CALM.add()
async def sign_in(v: Visit) -> None:
    """Signs in at the first try and goes on to the lamps."""
    await v.open("index.html")
    await v.wander()
    await v.follow("#nav-signin")
    await v.type("#email", "ada@example.org")
    await v.type("#password", "lamplight")
    await v.click("#reveal")
    await v.pause(0.6, 1.0)
    await v.click("#enter")
    await v.pause(1.0, 1.6)
    await v.follow("#from-signin")
    await v.scroll(400)


@CALM.add()
async def help_pages(v: Visit) -> None:
    """Opens answers in help one after another and takes the care guide; the last link opens a tab."""
    await v.open("index.html")
    await v.follow("#nav-help")
    for n in (1, 2, 5):
        await v.click(f"#ask-{n}")
        await v.pause(1.6, 2.6)
    await v.click("#ask-2")
    await v.click("#ask-4")
    await v.pause(1.5, 2.2)
    await v.click("#guide")
    await v.pause(2.8, 3.2)
    await v.click("#making")
    await v.pause(2.8, 3.2)


@CALM.add()
async def keypad(v: Visit) -> None:
    """Works out a room's light on the keypad: many quick presses, each answered."""
    await v.open("light.html")
    for key in ("4", "point", "5", "next", "3", "3", "clear", "3", "point", "2"):
        await v.click(f"#key-{key}")
    await v.pause(1.0, 1.8)
    await v.click("#side-width")
    await v.click("#key-clear")
    await v.click("#key-5", times=3, gap=0.22)
    await v.click("#key-clear")
    await v.click("#key-6")
    await v.pause(1.5, 2.0)


@CALM.add()
async def carousel(v: Visit) -> None:
    """Leafs through the pictures quickly, then turns the count up and down."""
    await v.open("lamp.html?id=wick")
    await v.wander()
    await v.click("#next", times=5, gap=0.35)
    await v.pause(0.8, 1.2)
    await v.click("#previous", times=3, gap=0.4)
    await v.click("#picture-2")
    await v.pause(0.8, 1.4)
    await v.click("#more", times=6, gap=0.18)
    await v.click("#less", times=3, gap=0.2)
    await v.click("#copy")
    await v.pause(0.8, 1.2)
    await v.click("#add")
    await v.pause(1.0, 1.5)
    await v.follow("#to-cart")
    await v.wander()


@CALM.add(pointer=False, cart=(("pebble", 1),))
async def keyboard_only(v: Visit) -> None:
    """Uses no pointer at all: Tab, Enter, arrows and letters."""
    await v.open("index.html")
    await v.key(*["Tab"] * 6)
    await v.keys("heron")
    await v.pause(0.4, 0.7)
    await v.key("ArrowDown")
    await v.key_follow("Enter")
    await v.key(*["Tab"] * 9)
    await v.key("Enter", "Enter")
    await v.pause(0.8, 1.2)
    await v.open("signin.html")
    await v.key(*["Tab"] * 9)
    await v.keys("ada@example.org")
    await v.key("Tab")
    await v.keys("lamplight")
    await v.key("Enter")
    await v.pause(1.0, 1.5)


@CALM.add(touch=True, pointer=False)
async def touch_only(v: Visit) -> None:
    """Visits on a phone: taps and swipes."""
    await v.open("index.html")
    await v.swipe(350)
    await v.swipe(250)
    await v.tap('#favourites a[href="lamp.html?id=fennel"]', leads_on=True)
    await v.tap("#next")
    await v.tap("#next")
    await v.tap("#more")
    await v.tap("#add")
    await v.pause(0.6, 1.0)
    await v.tap("#to-cart", leads_on=True)
    await v.swipe(200)
    await v.pause(1.0, 1.6)


@CALM.add()
async def reading(v: Visit) -> None:
    """Reads how a lamp is made: long rests, small scrolls, marks a sentence."""
    await v.open("story.html")
    await v.read(9)
    await v.click("article p:nth-of-type(4)", times=2, gap=0.12)
    await v.read(9)
    await v.follow("#story-lamps")


@CALM.add()
async def game(v: Visit) -> None:
    """Plays lights out: quick presses everywhere, all of them answered."""
    await v.open("game.html")
    for n in (7, 11, 12, 13, 17, 6, 8, 12, 12, 16, 18):
        await v.click(f"#lamp-{n}")
    await v.click("#lamp-12", times=4, gap=0.25)
    await v.pause(0.8, 1.2)
    await v.click("#again")
    await v.click("#lamp-7")
