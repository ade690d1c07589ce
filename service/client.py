"""A client for programs: asks for an assessment within a time limit, and never mistakes silence for a low score.

>>> Client("http://127.0.0.1:9", "key").assess(session="s", timeout=0.2).available
False
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Final

import httpx
import msgspec

from data_contracts.assessments import Action, Assessment

TIMEOUT_S: Final = 1.0
LONGEST: Final = 4 << 20  # bytes of an answer


class Refused(Exception):
    """A question that the service refuses: asking again will not help.

    Parameters
    ----------
    code, message
        As the service says it.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Answer:
    """What the service says, or that it did not.

    Attributes
    ----------
    assessment
        None if it could not be had in time.
    action
        What to do: what the assessment recommends, or what you said is to be done without one.
    why
        Why there is no assessment; empty if there is one.
    """

    assessment: Assessment | None
    action: Action
    why: str = ""

    @property
    def available(self) -> bool:
        """Whether there is an assessment."""
        return self.assessment is not None

    @property
    def bot_probability(self) -> float | None:
        """Probability of automation; None if it was not said, which is no low score."""
        return self.assessment.bot.probability if self.assessment is not None else None


class Client:
    """Asks one service; may be shared by threads.

    Parameters
    ----------
    url
        Where it is.
    key
        A read key.
    without
        What to do about an action when there is no answer in time, as ``{"checkout": "allow", "login": "challenge"}``;
        ``allow`` for those that are not named. To let everybody through is to fail open, to challenge to fail closed.
    """

    def __init__(
        self,
        url: str,
        key: str,
        without: dict[str, Action] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._without = without or {}
        self._http = httpx.Client(
            base_url=url,
            headers={"authorization": f"Bearer {key}"},
            transport=transport,
            trust_env=False,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def assess(self, session: str, action: str = "", timeout: float = TIMEOUT_S, **more: Any) -> Answer:
        """Ask for an assessment of a session.

        Parameters
        ----------
        session, action
            The session, and what its visitor is about to do.
        timeout
            Seconds for the whole call; an answer that drips in more slowly is none.
        more
            Further fields of the question: ``token``, ``after``, ``reference``, ``subject``.

        Raises
        ------
        Refused
            If the service answers that the question is wrong.
        """
        question = {"session": session, "action": action} | more
        try:
            answer, content = self._asked(question, timeout)
        except httpx.HTTPError as error:
            return self._without_answer(action, f"{type(error).__name__}: {error}")
        if answer.status_code == 200:
            try:
                told = msgspec.json.decode(content, type=Assessment)
            except msgspec.MsgspecError as error:
                return self._without_answer(action, f"The answer cannot be read: {error}")
            return Answer(told, told.recommended_action)
        code, message = _error(answer, content)
        if answer.status_code >= 500 or answer.status_code == 429:
            return self._without_answer(action, f"{code}: {message}")
        raise Refused(code, message)

    def _asked(self, question: dict[str, Any], timeout: float) -> tuple[httpx.Response, bytes]:
        """The answer and its body, if both came in time and the body is no longer than any answer of ours."""
        until = time.monotonic() + timeout
        content = bytearray()
        with self._http.stream("POST", "/v1/assessments", json=question, timeout=timeout) as answer:
            for piece in answer.iter_bytes():
                content += piece
                if time.monotonic() > until or len(content) > LONGEST:
                    raise httpx.ReadTimeout("the answer did not come in time, or does not end")
        if time.monotonic() > until:
            raise httpx.ReadTimeout("the answer did not come in time")
        return answer, bytes(content)

    def _without_answer(self, action: str, why: str) -> Answer:
        return Answer(None, self._without.get(action, "allow"), why)


def _error(answer: httpx.Response, content: bytes) -> tuple[str, str]:
    try:
        told = json.loads(content)["error"]
        return str(told["code"]), str(told["message"])
    except (ValueError, KeyError, TypeError):
        return str(answer.status_code), "no answer of the service's"
