"""How long is waited: what a server asks for within bounds, a growing delay else, and never past the end."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.client.requests.patience import (
    MAX_RETRY_AFTER_SECONDS,
    Deadline,
    Patience,
    read_reset_after,
    read_retry_after,
)
from reconciler.errors import OutOfTimeError

DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
NOW = 1_445_412_480
"""The same, in seconds since 1970."""
LONGEST = MAX_RETRY_AFTER_SECONDS

FORMS: dict[str, tuple[str, float | None]] = {
    "seconds": ("7", 7),
    "none": ("0", 0),
    "seconds amid blanks": ("  7 \t", 7),
    "leading zeros": ("007", 7),
    "the bound": ("60", 60),
    "over the bound": ("61", LONGEST),
    "a day": ("86400", LONGEST),
    "400 digits": ("9" * 400, LONGEST),
    "400 zeros": ("0" * 400, LONGEST),
    "negative": ("-5", None),
    "with a sign": ("+5", None),
    "a float": ("1.5", None),
    "an exponent": ("1e3", None),
    "infinity": ("inf", None),
    "NaN": ("nan", None),
    "Arabic digits": ("٣", None),
    "superscript": ("²", None),
    "full width": ("\uff17", None),
    "with a unit": ("7s", None),
    "two values": ("7, 8", None),
    "nothing": ("", None),
    "a word": ("soon", None),
    "a date after the answer's": ("Wed, 21 Oct 2015 07:28:09 GMT", 9),
    "the answer's date": (DATE, 0),
    "a date before the answer's": ("Wed, 21 Oct 2015 07:27:00 GMT", 0),
    "a date of the old form": ("Wednesday, 21-Oct-15 07:28:09 GMT", 9),
    "a date of C": ("Wed Oct 21 07:28:09 2015", 9),
    "a date of another zone": ("Wed, 21 Oct 2015 09:28:09 +0200", 9),
    "a date a year later": ("Fri, 21 Oct 2016 07:28:00 GMT", LONGEST),
    "year 9999": ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
    "year 99999": ("Wed, 21 Oct 99999 07:28:00 GMT", None),
    "year 0": ("Wed, 21 Oct 0000 07:28:00 GMT", 0),
    "the 40th": ("Wed, 40 Oct 2015 07:28:00 GMT", None),
    "25 o'clock": ("Wed, 21 Oct 2015 25:28:00 GMT", None),
    "a zone of 99 hours": ("Wed, 21 Oct 2015 07:28:00 +9999", None),
    "an ISO date": ("2015-10-21T07:28:09Z", None),
}


@pytest.mark.parametrize(("value", "seconds"), FORMS.values(), ids=FORMS)
def test_every_form_of_retry_after_is_bounded_or_left_alone(value: str, seconds: float | None) -> None:
    assert read_retry_after({"retry-after": value, "date": DATE}) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.25", 0.25),
        ("600", 60.0),
        (NOW + 5, 5.0),
        (NOW - 5, 0.0),
        (NOW * 1000, None),
        ("", None),
        ("-1", None),
        ("soon", None),
        ("1e3", None),
        ("٣", None),
    ],
)
def test_the_end_of_a_limit_is_a_time_or_a_number_of_seconds(value: object, seconds: float | None) -> None:
    assert read_reset_after({"x-ratelimit-reset": str(value), "date": DATE}) == seconds


def test_an_answer_without_retry_after_asks_for_nothing() -> None:
    assert read_retry_after({"date": DATE}) is None


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 21 Oct 99999 07:28:00 GMT"])
def test_a_date_counts_from_now_where_the_answer_has_no_date(date: str) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    asked = read_retry_after({"retry-after": later, "date": date})
    assert asked is not None
    assert 25 < asked <= 30


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_at_all_makes_for_more_than_a_minute_or_an_error(value: str, date: str) -> None:
    asked = read_retry_after({"retry-after": value, "date": date})
    assert asked is None or 0 <= asked <= LONGEST


@given(st.integers(1, 12), st.floats(0.001, 10), st.floats(0.001, 100))
def test_delays_grow_up_to_the_longest(tried: int, first: float, longest: float) -> None:
    patience = Patience(first_delay=first, longest_delay=longest)
    most = min(longest, first * 2 ** (tried - 1))
    assert all(0 <= patience.choose_delay(tried) <= most for _ in range(20))


def test_delays_are_spread_over_the_whole_range() -> None:
    patience = Patience(first_delay=1, longest_delay=100)
    delays = [patience.choose_delay(4) for _ in range(1000)]
    assert min(delays) < 1
    assert max(delays) > 7


def test_what_the_server_asks_for_comes_before_what_we_would_wait() -> None:
    assert Patience().choose_delay(1, 17.0) == 17.0
    assert Patience().choose_delay(3, 0.0) == 0.0


def test_a_deadline_gives_no_more_than_is_left() -> None:
    deadline = Deadline(5)
    assert deadline.limit_seconds(1) == 1
    assert 4.5 < deadline.limit_seconds(60) <= 5


def test_a_deadline_that_is_over_says_what_to_give_more_of() -> None:
    deadline = Deadline(0.01)
    time.sleep(0.02)
    with pytest.raises(OutOfTimeError, match=r"^the 0\.01 s for the whole run are over$") as caught:
        deadline.limit_seconds(1)
    assert "--timeout" in caught.value.hint
    assert not caught.value.is_unknown
    assert not caught.value.is_passing
