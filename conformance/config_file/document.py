"""The XML document as a plain tree: includes put in place, variables replaced, comments gone (configuration.md section 1).

Knows the syntax only. Every failure is one UsageError line. Bounded: no entities, no cycles, at most `EXPANDED_BYTES_MAX` read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element as XmlElement
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as Xml

from conformance.errors import UsageError

EXPANDED_BYTES_MAX: Final = 5_000_000
"""The documented default of the largest expanded file (ConfigCycleDetectionThreshold)."""
DEPTH_MAX: Final = 50
"""Includes inside includes, and elements inside elements: deeper is a mistake, and the tree is walked by recursion."""
_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
AMPS_VERSION: Final = "5.3.5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One element: its name, its text without surrounding blanks, its children in order, its attributes' names."""

    tag: str
    text: str = ""
    children: tuple[Node, ...] = ()
    attributes: tuple[str, ...] = ()

    def all(self, *tags: str) -> Iterator[Node]:
        """The children of these names, in order."""
        return (child for child in self.children if child.tag in tags)

    def first(self, *tags: str) -> Node | None:
        """The first child of one of these names."""
        return next(self.all(*tags), None)

    def value(self, *tags: str) -> str | None:
        """The text of the first child of one of these names."""
        child = self.first(*tags)
        return None if child is None else child.text


@dataclass(slots=True, kw_only=True)
class _Loader:
    variables: Mapping[str, str]
    folder: Path
    budget: int = EXPANDED_BYTES_MAX
    stack: list[Path] = field(default_factory=list)

    def parse(self, source: bytes | str, name: str) -> XmlElement:
        self.budget -= len(source)
        if self.budget < 0:
            raise UsageError(f"{name}: more than {EXPANDED_BYTES_MAX} bytes with all that is included")
        try:
            root: XmlElement = Xml.fromstring(source)
        except ParseError as error:
            raise UsageError(f"{name}: not well-formed XML: {error}") from None
        except DefusedXmlException as error:
            raise UsageError(f"{name}: entities are not allowed: {type(error).__name__}") from None
        except (ValueError, LookupError) as error:
            raise UsageError(f"{name}: not readable as XML: {error}") from None
        return root

    def file(self, path: Path, folder: Path, place: str) -> tuple[XmlElement, Path]:
        path = (folder / path).resolve()
        if path in self.stack:
            raise UsageError(f"{place}: {path.name} includes itself")
        try:
            source = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{place}: cannot read {path}: {error.strerror}") from None
        return self.parse(source, path.name), path

    def node(self, element: XmlElement, folder: Path, place: str, depth: int = 0) -> Node:
        if depth > DEPTH_MAX:
            raise UsageError(f"{place.split('/', 1)[0]}: elements or includes deeper than {DEPTH_MAX}")
        if element.tag == "Include":
            root, path = self.file(Path(self.expanded(element.text or "", place)), folder, f"{place}/Include")
            self.stack.append(path)
            node = self.node(root, path.parent, place, depth + 1)
            self.stack.pop()
            return node
        here = f"{place}/{element.tag}" if place else element.tag
        children = tuple(self.node(child, folder, here, depth + 1) for child in element)
        text = "" if children else self.expanded(element.text or "", here)
        return Node(tag=element.tag, text=text, children=children, attributes=tuple(element.attrib))

    def expanded(self, text: str, place: str) -> str:
        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name not in self.variables:
                raise UsageError(f"{place}: the environment variable {name} is not set")
            return self.variables[name]

        return _VARIABLE.sub(value, text).strip()


def load(source: str | Path, variables: Mapping[str, str] | None = None) -> Node:
    """The tree of a configuration: a text, or a file. `variables`: what `${NAME}` stands for (None: the environment).

    Relative paths of includes start at the including file (not documented). Raises UsageError.
    """
    path = source.resolve() if isinstance(source, Path) else None
    folder = Path.cwd() if path is None else path.parent
    given = dict(os.environ if variables is None else variables)
    own = {"AMPS_CONFIG_DIRECTORY": str(folder), "AMPS_CONFIG_PATH": str(path or folder), "AMPS_VERSION": AMPS_VERSION}
    loader = _Loader(variables=own | given, folder=folder)
    if isinstance(source, str):
        return loader.node(loader.parse(source, "configuration"), folder, "")
    root, path = loader.file(source, Path.cwd(), "configuration")
    loader.stack.append(path)
    return loader.node(root, folder, "")
