"""Says in plain words what a query finds."""

from __future__ import annotations

from klankbord.listening.query.sentences import gettext as _
from klankbord.listening.query.tree import (
    And,
    AnyLeaf,
    Begin,
    End,
    Field,
    Filter,
    Near,
    Node,
    Not,
    Or,
    Rule,
    Term,
    Words,
)


def explanation(root: Node) -> str:
    """One sentence on a tree in negation normal form."""
    return _("Finds messages with {what}.").format(what=_said(root, nested=False))


def _said(node: Node, *, nested: bool) -> str:
    match node:
        case And(children):
            said = _all_of(children)
        case Or(children):
            said = _(" or ").join(_said(child, nested=True) for child in children)
        case Not(child):
            return _("no {what}").format(what=_said(child, nested=True))
        case _:
            return _leaf(node)
    return f"({said})" if nested else said


def _all_of(children: tuple[Node, ...]) -> str:
    """What must be there, then where, then what must not be there."""
    where = [child for child in children if isinstance(child, Filter)]
    unwanted = [child.child for child in children if isinstance(child, Not)]
    wanted = [child for child in children if not isinstance(child, Filter | Not)]
    said = _(" and ").join(_said(child, nested=True) for child in wanted)
    if where:
        said += (_(", only ") if said else _("only ")) + _(" and ").join(map(_leaf, where))
    if unwanted:
        without = _(" and without ").join(_said(child, nested=True) for child in unwanted)
        said += (_(", but without ") if said else _("no ")) + without
    return said


def _leaf(leaf: AnyLeaf) -> str:
    match leaf:
        case Words():
            return _words(leaf)
        case Near(left=left, right=right, distance=distance):
            return _("{one} at most {number} words away from {other}").format(
                one=_choice(left), other=_choice(right), number=distance
            )
        case Filter(field=field, value=value):
            return {
                Field.CHANNEL: _("on the channel {value}"),
                Field.LANGUAGE: _("in the language {value}"),
                Field.SOURCE: _("from the source {value}"),
            }[field].format(value=value)


def _choice(words: tuple[Words, ...]) -> str:
    said = _(" or ").join(map(_words, words))
    return f"({said})" if len(words) > 1 else said


def _words(words: Words) -> str:
    text = _bare(words)
    match words:
        case Words(rule=Rule.SPELLED):
            return _("“{text}” spelled exactly like this").format(text=text)
        case Words(rule=Rule.PLACE):
            return _("the place {text}").format(text=text)
        case Words(elements=(Begin(stem),)):
            hashtag = stem.startswith("#")
            return (
                _("a hashtag that begins with {text}") if hashtag else _("a word that begins with “{text}”")
            ).format(text=stem)
        case Words(elements=(End(stem),)):
            return _("a word that ends in “{text}”").format(text=stem)
        case Words(elements=(Term(term),)) if term.startswith("#"):
            return _("the hashtag {text}").format(text=text)
        case Words(elements=(_one,)):
            return f"“{text}”"
    return _("the words “{text}” next to each other").format(text=text)


def _bare(words: Words) -> str:
    """What was written, without field, equals sign and quotation marks."""
    text = words.written
    if words.rule is Rule.PLACE:
        text = text.partition(":")[2]
    return text.removeprefix("=").strip('"“”„‟«» ')
