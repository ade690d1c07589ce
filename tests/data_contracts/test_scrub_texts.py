"""What is masked inside a text, against the scrub in plain Python."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.scrub import scrub, scrubbed_text
from data_contracts.scrub_words import KEYS, LEFT_ATTRIBUTES, TABLE_SIZE
from tests.data_contracts.plain_scrub import search

VISA, AMEX, MASTER = "4111111111111111", "378282246310005", "5555555555554444"
PIECES = (
    *(VISA, AMEX, MASTER, "4111 1111 1111 1111", "3782-822463-10005", "4222222222222", "4111", "1111", "12", "0", "7"),
    *("joe", "@", "shop", ".", "example", "co", "png", "%40", "%20", "%26", "%3D", "%3d", "%2", "%5B", "%22", "%"),
    *("token", "password", "key", "user", "Api", "Key", "session", "Id", "cookie", "_", "-", "[", "]", "=", "?", "&"),
    *("#", ";", ":", "://", "//", '"', "'", "\\", '\\"', '":"', '": ', " ", "\n", "\t", "/", "<", "*", "+", ",", "é"),
    *("Ω", "€", "漢", "😀", "·", "\x7f"),
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=30
)

WRITTEN = {
    "utf-8": lambda text: json.dumps(text, ensure_ascii=False),
    "ascii": json.dumps,
    "slashes escaped": lambda text: json.dumps(text).replace("/", "\\/"),
    "all escaped": lambda text: '"' + "".join(f"\\u{unit:04x}" for unit in units(text)) + '"',
}


def units(text: str) -> list[int]:
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2").tolist()


def scrubbed(spelled: str) -> tuple[bytes, int]:
    """The JSON of a text after the scrub, as the payload of a custom event, and how many places were masked."""
    head, tail = b'{"type":5,"data":{"tag":"x","payload":[', b"]}}"
    text = bytearray(head + spelled.encode() + tail)
    done = scrub(text)
    assert done.walked
    assert len(text) == len(head) + len(spelled.encode()) + len(tail)
    assert text.startswith(head)
    assert text.endswith(tail)
    return bytes(text[len(head) : -len(tail)]), sum(done[1:])


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
@given(TEXTS)
def test_a_text_is_searched_as_in_plain_python(write, text):
    after, masked = scrubbed(write(text))
    assert json.loads(after) == search(text) == scrubbed_text(text)
    assert bool(masked) == (search(text) != text)
    assert len(units(json.loads(after))) == len(units(text))


@given(TEXTS)
def test_a_second_scrub_masks_nothing(text):
    once = scrubbed_text(text)
    assert scrubbed_text(once) == once
    after, _ = scrubbed(json.dumps(text, ensure_ascii=False))
    assert scrubbed(after.decode()) == (after, 0)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        # card numbers
        (f"card {VISA}.", "card ****************."),
        ("4111 1111-1111 1111", "**** ****-**** ****"),
        ("2024-01-02 4111 1111 1111 1111 12/27", "2024-01-02 **** **** **** **** 12/27"),
        ("4111\u00a01111\u00a01111\u00a01111", "****\u00a0****\u00a0****\u00a0****"),
        ("Card:" + AMEX, "Card:***************"),
        ("卡号" + MASTER + "。", "卡号****************。"),
        ("4222 222 222 222", "**** *** *** ***"),  # thirteen digits
        ("6304 0000 0000 0000 000", "**** **** **** **** ***"),  # nineteen
        ("4111111111111112", "4111111111111112"),  # check digit
        ("1111111111111117", "1111111111111117"),  # no issuer
        ("4111  1111  1111  1111", "4111  1111  1111  1111"),  # two spaces
        ("x4111111111111111", "x4111111111111111"),
        ("4111111111111111px", "4111111111111111px"),
        ("0.4111111111111111", "0.4111111111111111"),
        ("41111111111111114111111111111111", "41111111111111114111111111111111"),
        ("1750000000000 1750000000000000", "1750000000000 1750000000000000"),  # times
        # e-mail addresses
        ("mail joe.doe+x@shop.example, please", "mail **********************, please"),
        ("joe%40shop.example", "******************"),
        ("müller@käse.example", "*·******·**********"),
        ("a@b.co@c.de", "******@c.de"),
        ("logo@2x.png icon@3x.webp react@18.2.0 @media a@b user@host", None),
        ("https://medium.example/@joe.smith", None),
        # secrets
        ("/reset?lang=de&token=a1b2&x=1", "/reset?lang=de&token=****&x=1"),
        ("/cb#access_token=abc&state=x", "/cb#access_token=***&state=x"),
        ("/x?userPassword=a&X-Amz-Signature=bc&user[email]=d", "/x?userPassword=*&X-Amz-Signature=**&user[email]=*"),
        ("/x?user%5Bpassword%5D=a%26b&z=1", "/x?user%5Bpassword%5D=*****&z=1"),
        ("/go?to=https%3A%2F%2Fa.ex%3Fsid%3Dab%26b%3D1&c=2", "/go?to=https%3A%2F%2Fa.ex%3Fsid%3D**%26b%3D1&c=2"),
        ("https://joe:pw@a.example/b", "https://******@a.example/b"),
        ("https://a.example:8080/b@c", None),
        ("/x?code=7&country_code=de&keyword=a&tokens=2", "/x?code=*&country_code=de&keyword=a&tokens=2"),
        ('{"password": "a\\"b", "otp": 12345, "token": null}', '{"password": "*//*", "otp": *****, "token": null}'),
        ('{"body":"{\\"api_key\\":\\"x y\\"}"}', '{"body":"{\\"api_key\\":\\"***\\"}"}'),
        ("password='a b' c", "password='***' c"),
        ("/x?X-Goog-Api-Key=a&my_session_id=b&cvv2=c&cc=d", "/x?X-Goog-Api-Key=*&my_session_id=*&cvv2=*&cc=*"),
        ("key: Enter", None),
    ],
)  # fmt: skip
def test_what_is_masked_and_what_is_not(text, after):
    assert scrubbed_text(text) == (text if after is None else after)


def test_every_word_of_the_lists_can_be_found():
    words = [word for _, names in KEYS for word in names.split()] + list(LEFT_ATTRIBUTES)
    assert all(word == word.lower() for word in words), "words are compared in small letters"
    assert len(words) < TABLE_SIZE / 2
