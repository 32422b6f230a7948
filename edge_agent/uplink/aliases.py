"""Numbers instead of topics, on one connection of MQTT 5 (section 3.3.2.3.4): a message to a broker is small, and its
topic would be a third of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """What a message says of its topic: the topic, a number, or both, which is what makes the number known."""

    topic: str
    alias: int | None = None


class TopicAliases:
    """Not safe for threads: the owner locks."""

    def __init__(self) -> None:
        self._most = 0
        self._numbers: dict[str, int] = {}
        self._known: frozenset[str] = frozenset()

    def allow(self, most: int) -> None:
        """How many the broker remembers (Topic Alias Maximum, section 3.2.2.3.8); 0 until it has said so."""
        self._most = most

    def name(self, topic: str) -> Name:
        """How the next message names its topic. Until the broker has acknowledged a message with both, each says both:
        so it does not matter in which order messages leave."""
        if topic not in self._numbers:
            if len(self._numbers) >= self._most:
                return Name(topic)
            self._numbers[topic] = len(self._numbers) + 1
        return Name("" if topic in self._known else topic, self._numbers[topic])

    def all_acknowledged(self) -> None:
        """No message is under way: the broker knows what all of them said."""
        self._known = frozenset(self._numbers)
