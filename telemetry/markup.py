"""XML from devices, read with care: no document type, so no entities; bounded in depth and in elements."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

_DEEPEST = 64
_MOST_ELEMENTS = 20_000


class MarkupError(Exception):
    """What came is no XML, or more of it than a device has to say."""


def parse(document: bytes) -> Element:
    """The root of a document whose element names are without namespace: vendors differ in those. Raises MarkupError."""
    parser = expat.ParserCreate(namespace_separator="\x1f")
    builder = _Builder()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.EntityDeclHandler = builder.refuse
    parser.buffer_text = True
    try:
        parser.Parse(document, True)
        return builder.close()
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter two: an encoding that nobody knows
        raise MarkupError(f"no XML: {error}") from error


def texts(root: Element, *names: str) -> Iterator[str]:
    """The texts of all elements of these names, wherever they stand; those without text are left out."""
    for element in root.iter():
        if element.tag in names and element.text and element.text.strip():
            yield element.text.strip()


def text(root: Element, *names: str) -> str:
    """The first of them; "" where there is none."""
    return next(texts(root, *names), "")


class _Builder:
    def __init__(self) -> None:
        self._tree = TreeBuilder()
        self._depth = 0
        self._elements = 0

    def start(self, name: str, _attributes: object) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > _DEEPEST or self._elements > _MOST_ELEMENTS:
            raise MarkupError("more elements than a device has to say")
        self._tree.start(name.rpartition("\x1f")[2], {})

    def end(self, name: str) -> None:
        self._depth -= 1
        self._tree.end(name.rpartition("\x1f")[2])

    def data(self, data: str) -> None:
        self._tree.data(data)

    def refuse(self, *_: object) -> None:
        raise MarkupError("a document type or an entity, which no device needs")

    def close(self) -> Element:
        return self._tree.close()
