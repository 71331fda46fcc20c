"""When something is, in words: a point in time, a span, a timer, with the values of a round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from base.i18n import N_, Text, day_and_month, in_words, say, translate
from workflows.definition import TimerRule
from workflows.points_in_time import At, Span
from workflows.timing import day_of, hour_of, length


@dataclass(frozen=True, kw_only=True)
class TimeInWords:
    """Says it in one language.

    A date or number that nobody has set is told by what it is, never by its name alone where the
    files explain it.
    """

    language: str
    #: The values of a round for an area; empty without a round.
    values: Mapping[str, Any] = field(default_factory=dict)
    #: What each of them is.
    about: Mapping[str, Text | str] = field(default_factory=dict)
    #: What a case itself keeps, as the steps ask for it: title by name.
    own: Mapping[str, Text | str] = field(default_factory=dict)

    def point(self, at: At) -> str:
        """A point in time."""
        time = self._time(at)
        day = day_of(at, self.values)
        if day is not None:
            return self._on(at, day, time)
        if at.date.startswith("case."):
            return self._of_the_case(at, time)
        what = say(self.about.get(at.date) or at.date, self.language)
        if time is None:
            sentence = N_("at the end of a day that nobody has set yet: {what}")
        else:
            sentence = N_("at {time} on a day that nobody has set yet: {what}")
        return translate(sentence, self.language, time=time, what=what)

    def span(self, long: Span) -> str:
        """So long after a case came into its state."""
        count = length(long, self.values)
        if count is None:
            sentence = N_("after a time that nobody has set yet: {what}")
            return translate(sentence, self.language, what=self._parameter(long))
        if count == 0:
            sentence = N_("at once")
        elif long.hours:
            sentence = N_("after one hour") if count == 1 else N_("after {count} hours")
        elif long.working:
            one = N_("after one working day")
            sentence = one if count == 1 else N_("after {count} working days")
        else:
            sentence = N_("after one day") if count == 1 else N_("after {count} days")
        return translate(sentence, self.language, count=count)

    def timer(self, rule: TimerRule) -> str:
        """When a timer is due."""
        if rule.every:
            return self._every(rule.every)
        moment = ""
        if rule.at:
            moment = self.point(rule.at)
        elif rule.after:
            moment = self.span(rule.after)
        if not rule.before:
            return moment
        return translate(
            N_("{spans} before: {moment}"), self.language,
            spans=[self._lasting(one) for one in rule.before], moment=moment,
        )  # fmt: skip

    def _time(self, at: At) -> str | None:
        if at.hour:
            return f"{hour_of(self.values.get(at.hour)) or 0:02}:00"
        return at.time

    def _on(self, at: At, day: date, time: str | None) -> str:
        if at.yearly:
            every = (
                N_("every year at the end of {day}")
                if time is None
                else N_("every year at {time} on {day}")
            )
            words = day_and_month(day, self.language)
            return translate(every, self.language, time=time, day=words)
        once = N_("at the end of {day}") if time is None else N_("at {time} on {day}")
        return translate(once, self.language, time=time, day=in_words(day, self.language))

    def _of_the_case(self, at: At, time: str | None) -> str:
        title = self.own.get(at.date.removeprefix("case."))
        if title is None:
            sentence = (
                N_("at the end of a day of the case")
                if time is None
                else N_("at {time} on a day of the case")
            )
            return translate(sentence, self.language, time=time)
        sentence = (
            N_("at the end of the day that is in the case: {what}")
            if time is None
            else N_("at {time} on the day that is in the case: {what}")
        )
        return translate(sentence, self.language, time=time, what=title)

    def _every(self, span: Span) -> str:
        if span.count == 1:
            once = N_("every working day") if span.working else N_("every day")
            return translate(once, self.language)
        often = N_("every {count} working days") if span.working else N_("every {count} days")
        return translate(often, self.language, count=span.count)

    def _lasting(self, span: Span) -> str:
        count = length(span, self.values)
        if count is None:
            return self._parameter(span)
        if count == 1:
            one = N_("one working day") if span.working else N_("one day")
            return translate(one, self.language)
        many = N_("{count} working days") if span.working else N_("{count} days")
        return translate(many, self.language, count=count)

    def _parameter(self, span: Span) -> str:
        name = span.parameter or ""
        return say(self.about.get(name) or name, self.language)
