"""How many posts a second one core compares with 1,000, 10,000 and 50,000 dossiers, beside tantivy in the same run.

    python -m benchmarks.matcher [--dossiers 1000 10000 50000] [--posts 20000]

Both answer the same questions about the same posts, and the run stops when one match differs. The matcher takes the raw
text and gives the reasons with each match. tantivy (Rust) gets words that are folded already, in micro-batches of 1,000
in memory with queries built beforehand, and gives numbers only. Processor time of one core.
"""

from __future__ import annotations

import argparse
import gc
import platform
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import psutil

from benchmarks.dossiers import NEAR, Leaf, Question, World
from klankbord.listening.matching import Matcher
from klankbord.listening.query import Document, parse

T = TypeVar("T")
BATCH = 1_000
Pairs = set[tuple[int, Hashable]]
"""Which post, which dossier."""


def text_of(words: list[str]) -> str:
    """A post as people write: a capital, a comma, a full stop."""
    half = len(words) // 2
    return f"{' '.join(words[:half])}, {' '.join(words[half:])}.".capitalize()


class Tantivy:
    """The peer: an index of a thousand posts at a time, asked every question."""

    def __init__(self, questions: list[Question]) -> None:
        import tantivy

        self.tantivy: Any = tantivy
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("words", tokenizer_name="whitespace")
        builder.add_text_field("hashtags", tokenizer_name="whitespace", index_option="basic")
        self.schema = builder.build()
        self.queries = [self._query(question) for question in questions]

    def _query(self, question: Question) -> Any:
        query, occur = self.tantivy.Query, self.tantivy.Occur
        parts = [(occur.Must, self._leaf(leaf)) for leaf in question.wanted]
        parts += [(occur.MustNot, self._leaf(leaf)) for leaf in question.unwanted]
        return query.const_score_query(query.boolean_query(parts) if len(parts) > 1 else parts[0][1], 1.0)

    def _leaf(self, leaf: Leaf) -> Any:
        query, words = self.tantivy.Query, list(leaf.words)
        match leaf.kind:
            case "phrase":
                # in ours a phrase also finds the hashtag of its words together
                joined = query.term_query(self.schema, "hashtags", "".join(words), "basic")
                both = (query.phrase_query(self.schema, "words", words), joined)
                return query.boolean_query([(self.tantivy.Occur.Should, one) for one in both])
            case "near":
                return query.boolean_query(
                    [
                        (self.tantivy.Occur.Should, query.phrase_query(self.schema, "words", order, NEAR - 1))
                        for order in (words, words[::-1])
                    ]
                )
            case "prefix":
                return query.regex_query(self.schema, "words", f"{words[0]}.*")
            case "hashtag":
                return query.term_query(self.schema, "hashtags", words[0], "basic")
        return query.term_query(self.schema, "words", words[0], "basic")

    def match(self, posts: list[list[str]]) -> Pairs:
        found: Pairs = set()
        for start in range(0, len(posts), BATCH):
            index = self.tantivy.Index(self.schema)
            writer = index.writer(heap_size=50_000_000, num_threads=1)
            for words in posts[start : start + BATCH]:
                writer.add_document(
                    self.tantivy.Document(
                        words=" ".join(word.lstrip("#") for word in words),
                        hashtags=" ".join(word[1:] for word in words if word[0] == "#"),
                    )
                )
            writer.commit()
            index.reload()
            searcher = index.searcher()
            assert searcher.num_segments == 1
            search = searcher.search
            for number, query in enumerate(self.queries):
                for _score, address in search(query, BATCH, False).hits:
                    found.add((start + address.doc, number))
        return found


def match_all(matcher: Matcher, texts: list[str]) -> Pairs:
    """Every match with its reasons, as the house asks for them."""
    found: Pairs = set()
    for number, text in enumerate(texts):
        for match in matcher.match(Document(text)):
            assert match.why
            found.add((number, match.dossier))
    return found


def timed(act: Callable[[], T]) -> tuple[T, float]:
    """What it made, and the seconds of processor time it took."""
    gc.collect()
    began = time.process_time()
    made = act()
    return made, time.process_time() - began


def resident() -> float:
    """Megabytes of this process in memory."""
    gc.collect()
    return psutil.Process().memory_info().rss / 1e6


def measure(count: int, questions: list[Question], posts: list[list[str]], peer: int) -> None:
    """One line for one number of dossiers; of the second half of the posts ``peer`` are put to tantivy too."""
    half = len(posts) // 2
    first, second = ([text_of(words) for words in some] for some in (posts[:half], posts[half:]))
    before = resident()
    matcher = Matcher()

    def fill() -> None:
        gc.disable()  # as the command does
        for number, question in enumerate(questions[:count]):
            matcher.add(number, parse(question.text))
        gc.freeze()
        gc.enable()

    _nothing, filling = timed(fill)
    memory = (resident() - before) / count * 10_000
    _early, starting = timed(lambda: match_all(matcher, first))
    ours, settled = timed(lambda: match_all(matcher, second))
    adding = add_while_running(matcher, questions[0], first[:1_000])
    rate = half / settled
    print(
        f"{count:>8,} {half / starting:>11,.0f} {rate:>12,.0f} {len(ours) / half:>9.2f}"
        f" {filling:>8.2f} {memory:>9.1f} {adding * 1e6:>9.0f}",
        end="",
        flush=True,
    )
    if peer:
        tantivy = Tantivy(questions[:count])
        tantivy.match(posts[:BATCH])
        theirs, spent = timed(lambda: tantivy.match(posts[half : half + peer]))
        expected = {pair for pair in ours if pair[0] < peer}
        assert theirs == expected, f"{len(theirs - expected)} only tantivy, {len(expected - theirs)} only Klankbord"
        print(f" {peer / spent:>12,.0f} {rate * spent / peer:>7.1f}   {len(theirs):,} matches, all equal", end="")
    print(flush=True)


def add_while_running(matcher: Matcher, question: Question, texts: list[str]) -> float:
    """Seconds to parse and add one dossier between two posts, at the median."""
    taken = []
    for number, text in enumerate(texts):
        began = time.perf_counter()
        matcher.add(f"new {number}", parse(question.text))
        taken.append(time.perf_counter() - began)
        matcher.match(Document(text))
    for number in range(len(texts)):
        matcher.remove(f"new {number}")
    return sorted(taken)[len(taken) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the matcher of dossiers.")
    parser.add_argument("--dossiers", type=int, nargs="+", default=[1_000, 10_000, 50_000])
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--peer", type=int, default=3_000, help="posts that tantivy gets as well; 0: none")
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    world = World(options.seed)
    posts = [world.post() for _ in range(2 * options.posts)]
    questions = [world.question() for _ in range(max(options.dossiers))]
    print(f"Python {platform.python_version()}, twice {options.posts:,} posts, one core, processor time")
    print(
        f"{'dossiers':>8} {'at first':>11} {'settled':>12} {'per post':>9} {'fill s':>8} {'MB/10,000':>9} {'add us':>9}"
        f" {'tantivy':>12} {'times':>7}"
    )
    for count in options.dossiers:
        measure(count, questions, posts, options.peer)


if __name__ == "__main__":
    main()
