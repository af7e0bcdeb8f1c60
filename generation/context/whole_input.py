"""Whole input: a request about all of one document, as its file or page by page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from generation.context.limits import Limits, count_tokens
from generation.context.page_input import PageInput, PageInputs, build_page_input, page_text
from generation.context.prompt_template import (
    build_request,
    delimiter_for,
    plain_name,
    request_of,
)
from generation.context.room import Room
from generation.prompt import Evidence, Prompt
from generation.request import Part, Request, SourceFile
from ingest.page import TimeSpan

RECORDING_RULES = """

The user gave one whole recording. In place of a page's label write the time, from the recording's \
beginning, in square brackets: "words as they are said" [12:31], and [1:02:03] after the first \
hour. Where a claim rests on what is seen and not said, write the time alone: [12:31]."""

DOCUMENT_RULES = """

The user gave one whole document as a file. A page's label is its place in the file, counted from \
1, whatever number is printed on it."""


def build_whole_request(prompt: Prompt, limits: Limits) -> tuple[Request, str]:
    """Build the request about a whole document, with a note of what was left out.

    A model that reads such files gets the file, any other the words of all pages and images
    of as many as fit, from all parts of the document.
    """
    refusal = ""
    if prompt.file and limits.files:
        if not (refusal := limits.files.refusal(prompt.file)):
            rules = RECORDING_RULES if prompt.file.seconds else DOCUMENT_RULES
            parts = tuple(file_parts(prompt.evidence, prompt.file, limits.max_input_tokens))
            return request_of(prompt, parts, rules), ""
        refusal = f"The file was not sent whole: {refusal}."
    inputs = whole_inputs(prompt.evidence, limits)
    notes = filter(None, [refusal, inputs.note])
    return build_request(prompt, inputs.page_inputs), " ".join(notes)


def file_parts(evidence: Sequence[Evidence], file: SourceFile, max_tokens: int) -> Iterable[Part]:
    """Parts of a request with a whole file: its name, the file, words with times."""
    name = plain_name(evidence[0].page.document_name) if evidence else ""
    if not file.seconds:
        yield f"{name}, whole; its pages are [1] to [{len(evidence)}]:"
        yield file
        return
    yield f"{name}, whole:"
    yield file
    words = "\n".join(_said(evidence, max_tokens))
    if words:
        mark = delimiter_for(words)
        yield f"What is said in it, by the time at which a shot begins:\n<<<{mark}\n{words}\n{mark}>>>"


def _said(evidence: Sequence[Evidence], max_tokens: int) -> Iterable[str]:
    """Words of shots, a line each, as far as the tokens reach."""
    for each in evidence:
        if not each.words or each.page.span is None:
            continue
        start = each.page.span.start
        line = f"{TimeSpan(start, start)} {' '.join(word.text for word in each.words)}"
        max_tokens -= count_tokens(line)
        if max_tokens < 0:
            return
        yield line


def whole_inputs(evidence: Sequence[Evidence], limits: Limits) -> PageInputs:
    """Words of all pages that fit, with images of as many, at even distances."""
    room = Room.of(limits)
    inputs: list[PageInput] = []
    for each in evidence:
        page_input = PageInput(each, page_text(each.words, limits.max_page_chars))
        room.tokens -= count_tokens(page_input.text)
        if inputs and room.tokens < 0:
            break
        inputs.append(page_input)
    shown = _add_images(inputs, limits, room)
    notes = []
    if left := len(evidence) - len(inputs):
        most = f"the model takes about {limits.max_input_tokens:,} tokens of pages"
        notes.append(f"The last {left} of {len(evidence)} pages were left out: {most}.")
    if limits.max_images and (blind := len(inputs) - shown):
        notes.append(f"The model saw the words alone of {blind} of {len(evidence)} pages.")
    return PageInputs(tuple(inputs), " ".join(notes))


def _add_images(inputs: list[PageInput], limits: Limits, room: Room) -> int:
    """Put images into the inputs, as far as there is room; returns how many."""
    count = min(room.images, len(inputs))
    if limits.many_images and count > limits.many_images[0]:
        limits = limits.with_edge(limits.many_images[1])
    if count:
        first = build_page_input(inputs[0].evidence, limits, 1)
        cost = sum(limits.image_tokens.tokens(i.width, i.height) for i in first.images)
        count = max(min(count, room.tokens // max(cost, 1)), 1)
    shown = 0
    for at in (part * len(inputs) // count for part in range(count)):
        image = build_page_input(inputs[at].evidence, replace(limits, crops=False), 1).image
        if image is None or (not room.take([image], limits) and shown):
            break
        inputs[at] = replace(inputs[at], image=image)
        shown += 1
    return shown
