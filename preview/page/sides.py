"""A system's summary before and after, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from graph.summary import Summary
from preview.page.drawing import Fact

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """One thing on both sides: at least one is not None."""

    before: T | None
    after: T | None

    @property
    def now(self) -> T:
        """How it will be; how it was, if it goes."""
        found = self.after if self.after is not None else self.before
        if found is None:
            raise ValueError("a pair has a side")
        return found

    def fact(self, term: str, tell: Callable[[T], Iterable[str]]) -> Fact:
        """Tell one thing of both sides."""
        return Fact(term=term, before=_texts(self.before, tell), after=_texts(self.after, tell))

    def each(self, tell: Callable[[T], Iterable[str]]) -> Iterator[tuple[str, bool, bool]]:
        """Give what the sides tell, and which side does."""
        before, after = _texts(self.before, tell), _texts(self.after, tell)
        for text in dict.fromkeys((*after, *before)):
            yield text, text in before, text in after


def _texts(side: T | None, tell: Callable[[T], Iterable[str]]) -> tuple[str, ...]:
    return () if side is None else tuple(dict.fromkeys(text for text in tell(side) if text))


def pairs(before: Mapping[str, T], after: Mapping[str, T]) -> Iterator[tuple[str, Pair[T]]]:
    """Give what either side has, by key, sorted."""
    for key in sorted({*before, *after}):
        yield key, Pair(before.get(key), after.get(key))


@dataclass(frozen=True, slots=True)
class Sides:
    """A system as it was and will be; a side that isn't there is empty."""

    before: Summary
    after: Summary

    def guards(self, subject: str) -> Fact:
        """Give what protects a thing."""
        before, after = self.before.guards, self.after.guards
        return Fact(term="Guards", before=before.get(subject, ()), after=after.get(subject, ()))

    def grants(self, subject: str) -> Fact:
        """Give what a thing may do beyond the ordinary."""
        before, after = self.before.grants, self.after.grants
        return Fact(term="Grants", before=before.get(subject, ()), after=after.get(subject, ()))

    def reached(self) -> Iterator[tuple[str, Pair[tuple[str, ...]]]]:
        """Give everything that is reached, and from where."""
        yield from pairs(self.before.reach, self.after.reach)
