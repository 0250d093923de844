"""The look of the page: one style sheet, without a script or anything fetched."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #fff; --panel: #f7f8fa; --line: #e1e4e9; --text: #1c2128; --quiet: #606a78;
  --accent: #0a5cc2; --tint: #e8f0fb; --gone: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171c; --panel: #1b1f26; --line: #2e343d; --text: #e4e7eb; --quiet: #98a2b0;
    --accent: #7db3ff; --tint: #1d2f49; --gone: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 76rem; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.4rem; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 1.1rem; margin: 2.25rem 0 0.6rem; }
h2 + p { margin: -0.4rem 0 0.75rem; }
p { margin: 0.25rem 0; }
p, .count, time, th, .history { color: var(--quiet); }
.note {
  border-left: 3px solid var(--accent); padding: 0.4rem 0.8rem; margin: 1rem 0; background: var(--panel);
}
summary { cursor: pointer; }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.artifact { border: 1px solid var(--line); border-radius: 8px; margin: 0.5rem 0; overflow: hidden; }
.artifact > summary { padding: 0.6rem 0.9rem; background: var(--panel); }
.artifact > summary b { margin: 0 0.5rem 0 0.15rem; }
.artifact > summary time { float: right; }
.wide { overflow-x: auto; border-top: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; min-width: 50rem; }
th { font-weight: 500; font-size: 0.8rem; text-align: left; }
th, td { padding: 0.45rem 0.9rem; vertical-align: top; }
tbody tr + tr { border-top: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
.number { width: 5rem; font-variant-numeric: tabular-nums; font-weight: 600; }
.alias { width: 8rem; }
.said { width: 28%; }
.tags { width: 7.5rem; }
.when { width: 11.5rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
.chip {
  display: inline-block; padding: 0 0.5em; border-radius: 1em; background: var(--tint); color: var(--accent);
  font-size: 0.82rem; margin: 0 0.2em 0.1em 0;
}
.tag { background: none; border: 1px solid var(--line); color: var(--quiet); }
.gone { color: var(--gone); }
code, pre { font: 0.82rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre {
  white-space: pre-wrap; margin: 0.4rem 0 0; padding: 0.5rem 0.7rem; background: var(--panel);
  border-radius: 6px;
}
.history { font-size: 0.82rem; }
.history ol { list-style: none; margin: 0.25rem 0 0; padding: 0; white-space: normal; }
.history li { padding: 0.1rem 0; }
.history li > b { color: var(--text); font-weight: 500; }
"""
