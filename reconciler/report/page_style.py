"""The look of a plan's page: one style sheet, light and dark, without anything fetched."""

from __future__ import annotations

STYLE = """
:root {
  --ground: #fff; --panel: #f6f8fa; --line: #d8dee4; --text: #1f2328; --quiet: #59636e;
  --create: #116329; --update: #7d4e00; --conflict: #b3261e;
  --gone: #fdeceb; --come: #e8f6ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171c; --panel: #1b1f26; --line: #30363d; --text: #e4e7eb; --quiet: #9aa4b2;
    --create: #6fdd8b; --update: #e3b341; --conflict: #ff8a80;
    --gone: #3a1d1f; --come: #16301f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 70rem; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.5rem; }
h2 { margin: 2.25rem 0 0.75rem; font-size: 1.15rem; }
h3 { margin: 0; font-size: 1rem; font-weight: 400; }
h3 code { font-weight: 600; }
code { unicode-bidi: isolate; }
p { margin: 0.25rem 0; }
code, table { font: 0.85rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.where, .place, .faint { color: var(--quiet); }
.counts {
  display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; margin: 1rem 0 0; padding: 0; list-style: none;
}
.create b { color: var(--create); }
.update b { color: var(--update); }
.conflict b { color: var(--conflict); }
.counts .none, .counts .none b, .counts .unchanged, .counts .unchanged b { color: var(--quiet); }
article {
  margin: 0.75rem 0; padding: 0.75rem 1rem; border: 1px solid var(--line); border-radius: 6px;
  border-left: 4px solid var(--quiet);
}
article.create { border-left-color: var(--create); }
article.update { border-left-color: var(--update); }
article.conflict { border-left-color: var(--conflict); }
.conflict .note { color: var(--conflict); }
table { width: 100%; margin-top: 0.6rem; border-collapse: collapse; table-layout: fixed; }
th, td { padding: 0.3rem 0.6rem; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 400; color: var(--quiet); }
th:first-child { width: 26%; }
td { white-space: pre-wrap; }
td.before { background: var(--gone); }
td.after { background: var(--come); }
td.none { color: var(--quiet); }
.promotions { margin: 0; padding-left: 1.25rem; }
"""
