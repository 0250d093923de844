"""The look of a page: one style sheet for light, dark and paper."""

from __future__ import annotations

from collections.abc import Mapping

_COLOURS = """
:root {
  color-scheme: light dark;
  --ground: #f7f8fa; --panel: #fff; --line: #dfe3e8; --text: #1b2027; --quiet: #59636f;
  --link: #0b57b5; --good: #116b35; --changed: #845200; --bad: #b3261e;
  --gone: #fde3e1; --come: #d9f2e0; --warn: #fff4f3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1317; --panel: #161b21; --line: #2b323b; --text: #dde3ea; --quiet: #98a4b1;
    --link: #82b4ff; --good: #63cb80; --changed: #dfae4f; --bad: #ff8a80;
    --gone: #51211f; --come: #173f26; --warn: #241718;
  }
}
.create, .created, .updated { --mark: var(--good); }
.update, .deleted { --mark: var(--changed); }
.conflict, .delete, .failed, .unknown { --mark: var(--bad); }
.unchanged, .skipped, .all { --mark: var(--quiet); }
"""

_TEXT = """
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto; padding: 1.5rem clamp(.75rem, 3vw, 2rem) 4rem; max-width: 80rem;
  background: var(--ground); color: var(--text);
  font: 14px/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1, h2, h3, p, ul, dl, dd, pre, fieldset { margin: 0; padding: 0; }
h1 { font-size: 1.4rem; line-height: 1.25; letter-spacing: -.01em; }
h2 { margin: 1.75rem 0 .5rem; font-size: 1rem; }
h2 small { margin-left: .25rem; color: var(--quiet); font-size: .85rem; font-weight: 400; }
h3 { font-size: inherit; font-weight: 400; }
code, pre, td, th[scope=row] { font: 12.5px/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { unicode-bidi: isolate; }
a { color: var(--link); text-underline-offset: 2px; text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -100vw; z-index: 3; padding: .5rem .75rem; background: var(--panel); }
.skip:focus { left: .5rem; top: .5rem; }
.quiet { color: var(--quiet); }
.lead { margin-top: .15rem; font-size: 1rem; color: var(--quiet); }
"""

_HEAD = """
.facts {
  display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem 1.25rem;
  margin: 1rem 0 0; padding: .7rem 1rem; background: var(--panel); border: 1px solid var(--line);
  border-radius: 6px;
}
.facts dt { color: var(--quiet); }
.digest { user-select: all; }
.guard {
  margin-top: 1rem; padding: .7rem 1rem; background: var(--warn); border: 1px solid var(--bad);
  border-left-width: 4px; border-radius: 6px;
}
.guard h2 { margin: 0 0 .2rem; color: var(--bad); }
.guard ul { padding-left: 1.2rem; }
"""

_TOOLS = """
.tools {
  position: sticky; top: 0; z-index: 2; margin: 1.1rem -4px 0; padding: 8px 4px; background: var(--ground);
}
.bar { display: flex; flex-wrap: wrap; gap: 3px; min-width: 0; border: 0; }
.bar legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.bar label {
  position: relative; flex: 1 1 0; min-width: min-content; padding: .3rem .7rem .25rem;
  background: var(--panel);
  border: 1px solid var(--line); border-top: 4px solid var(--mark); border-radius: 4px; cursor: pointer;
  white-space: nowrap; color: var(--quiet);
}
.bar b { color: var(--mark); font-size: 1.05rem; font-variant-numeric: tabular-nums; }
.bar label:hover { border-color: var(--mark); }
.bar label:has(:checked) {
  border-color: var(--mark); box-shadow: inset 0 0 0 1px var(--mark); color: var(--text);
}
.bar label:has(:focus-visible) { outline: 2px solid var(--link); outline-offset: 2px; }
.bar input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer; }
.bar .all { flex: 0 0 auto; }
.find { display: flex; flex-wrap: wrap; align-items: center; gap: .35rem .9rem; margin-top: 8px; }
.find input, .find button {
  padding: .3rem .6rem; background: var(--panel); color: inherit; border: 1px solid var(--line);
  border-radius: 4px; font: inherit;
}
.find input { flex: 1 1 12rem; max-width: 24rem; min-width: 0; }
.find button { cursor: pointer; }
.find :is(input, button):hover { border-color: var(--quiet); }
.find output { color: var(--quiet); font-variant-numeric: tabular-nums; }
@media (max-height: 40rem), (max-width: 40rem) { .tools { position: static; } }
"""

_CHANGES = """
article {
  background: var(--panel); border: 1px solid var(--line); border-left: 4px solid var(--mark);
  margin-top: -1px; scroll-margin-top: 8rem;
}
.many article { content-visibility: auto; contain-intrinsic-size: auto 2.2rem; }
article:first-of-type { border-radius: 6px 6px 0 0; }
article:last-of-type { border-bottom-left-radius: 6px; border-bottom-right-radius: 6px; }
article:target { outline: 2px solid var(--link); outline-offset: -2px; }
article > details > summary {
  display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1.25rem; padding: .4rem .9rem .4rem .55rem;
  cursor: pointer; list-style: none;
}
summary::-webkit-details-marker { display: none; }
summary:hover { background: color-mix(in srgb, var(--mark) 7%, transparent); }
article > details > summary:focus-visible { outline-offset: -2px; }
h3::before {
  content: "" / ""; display: inline-block; margin: 0 .6rem .1rem 0; border: solid transparent;
  border-width: 4px 0 4px 5px; border-left-color: var(--quiet);
}
[open] > summary > h3::before { transform: rotate(90deg); }
h3 b { display: inline-block; min-width: 6.5rem; color: var(--mark); font-weight: 600; }
h3 b::before { display: inline-block; width: 1rem; font-family: ui-monospace, Menlo, Consolas, monospace; }
.create h3 b::before, .created h3 b::before { content: "+" / ""; }
.delete h3 b::before, .deleted h3 b::before { content: "-" / ""; }
.update h3 b::before, .updated h3 b::before { content: "~" / ""; }
.conflict h3 b::before { content: "!" / ""; }
.unchanged h3 b::before { content: "=" / ""; }
.failed h3 b::before { content: "x" / ""; }
.unknown h3 b::before { content: "?" / ""; }
.skipped h3 b::before { content: "-" / ""; }
h3 code { font-weight: 600; }
.at { margin-left: auto; color: var(--quiet); }
article > details > :not(summary) { margin: 0 .9rem .6rem 1.7rem; }
.meta { display: flex; flex-wrap: wrap; gap: 0 1.25rem; color: var(--quiet); font-size: 13px; }
.note { color: var(--mark); }
.note + .hint { margin-top: -.4rem !important; }
.create .note, .update .note { color: var(--text); }
"""

_TABLES = """
table { border-collapse: collapse; table-layout: fixed; width: 100%; }
article > details > table { width: calc(100% - 2.6rem); }
th, td {
  padding: .22rem .8rem .22rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top;
}
th { color: var(--quiet); font-size: 12px; font-weight: 400; }
thead th { border-top: 0; }
th:first-child { width: 22%; }
td { white-space: pre-wrap; }
td.none { color: var(--quiet); }
del, ins { text-decoration: none; border-radius: 2px; box-decoration-break: clone; padding: 1px 0; }
del { background: var(--gone); }
ins { background: var(--come); }
.raw summary, section > details > summary {
  color: var(--quiet); font-size: 13px; cursor: pointer; width: max-content;
}
pre {
  margin-top: .35rem; padding: .5rem .7rem; background: var(--ground); border: 1px solid var(--line);
  border-radius: 4px; white-space: pre-wrap;
}
.plain { padding: .5rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; }
.plain li { list-style: none; padding: .12rem 0; }
.times {
  margin-top: .5rem; background: var(--panel); border: 1px solid var(--line); border-collapse: separate;
  border-radius: 6px; border-spacing: 0;
}
.times th:first-child { width: 34%; padding-left: 1rem; }
.times th:nth-child(2), .times td:nth-child(2) { width: 7rem; text-align: right; }
.times svg { display: block; width: 100%; height: 1.2rem; }
.times rect { fill: var(--mark); }
.done {
  margin-top: 1rem; padding: 1.5rem 1rem; background: var(--panel); border: 1px solid var(--line);
  border-radius: 6px;
}
"""

_NARROW = """
@media (max-width: 40rem) {
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd { margin-bottom: .35rem; }
  .at { margin-left: 1.1rem; width: 100%; }
  article > details > :not(summary) { margin-left: .9rem; }
  article table, article tbody, article tr, article td, article th[scope=row] { display: block; width: 100%; }
  article > details > table { width: calc(100% - 1.8rem); }
  article thead { display: none; }
  article td { border-top: 0; padding-left: .75rem; }
  article td.before::before { content: "- " / "before: "; color: var(--bad); }
  article td.after::before { content: "+ " / "after: "; color: var(--good); }
  .times th:nth-child(2), .times td:nth-child(2) { width: 5rem; }
}
"""

_PAPER = """
@media print {
  :root {
    --ground: #fff; --panel: #fff; --line: #bbb; --text: #000; --quiet: #444; --link: #000;
    --good: #0b5526; --changed: #6b4200; --bad: #98160f; --gone: #fff; --come: #fff; --warn: #fff;
  }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  code, pre, td, th[scope=row] { font-size: 8.5pt; }
  .find, .skip, .raw:not([open]) { display: none; }
  .tools { position: static; }
  .many article { content-visibility: visible; }
  article { break-inside: avoid-page; }
  .few details::details-content { content-visibility: visible; block-size: auto; }
  h2 { break-after: avoid; }
  h3::before { display: none; }
  a { text-decoration: none; }
  del { text-decoration: line-through; }
  ins { text-decoration: underline; }
}
@media (forced-colors: active) { del { text-decoration: line-through; } ins { text-decoration: underline; } }
"""

STYLE = f"{_COLOURS}{_TEXT}{_HEAD}{_TOOLS}{_CHANGES}{_TABLES}{_NARROW}{_PAPER}"


def rules_of(counts: Mapping[str, int]) -> str:
    """The rules for what a page counts: how wide its parts of the bar are, and what picking one leaves.

    Args:
        counts: the names of classes, and how many changes have each.
    """
    return "".join(
        f".bar .{name} {{ flex-grow: {count}; }}\n"
        f".tools:has(#only-{name}:checked) ~ .group:not(.has-{name}),\n"
        f".tools:has(#only-{name}:checked) ~ .group > article:not(.{name}) "
        "{ display: none; }\n"
        for name, count in counts.items()
    )
