"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const field = document.getElementById("find");
  const told = document.getElementById("told");
  const toggle = document.getElementById("toggle");
  if (!field) return;
  const groups = all("section.group").map((section) => ({ section, articles: all("article", section) }));
  const total = groups.reduce((sum, { articles }) => sum + articles.length, 0);
  const texts = new Map();
  const format = (count) => count.toLocaleString("en-US");

  // What can be seen of a change: not the patch, which says the same once more.
  const textOf = (article) => {
    if (!texts.has(article)) {
      const parts = [...article.firstElementChild.children].filter((part) => part.className !== "raw");
      texts.set(article, parts.map((part) => part.textContent).join("\n").toLowerCase());
    }
    return texts.get(article);
  };

  const isPicked = (article) => {
    const only = document.querySelector("input[name=only]:checked").value;
    return only === "all" || article.className === only;
  };

  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { section, articles } of groups) {
      let inGroup = 0;
      for (const article of articles) {
        const text = words.length ? textOf(article) : "";
        const isFound = words.every((word) => text.includes(word));
        if (article.hidden === isFound) article.hidden = !isFound;
        if (isFound && isPicked(article)) inGroup += 1;
      }
      section.hidden = inGroup === 0;
      shown += inGroup;
    }
    told.textContent = shown === total ? "" : `${format(shown)} of ${format(total)} shown`;
    nameToggle();
  };

  const shownDetails = () => all("article:not([hidden]) > details").filter((d) => isPicked(d.parentElement));
  let naming = 0;
  const nameToggle = () => {
    // Thousands may be opened at once: they are looked at once, before the page is drawn again.
    cancelAnimationFrame(naming);
    naming = requestAnimationFrame(() => {
      toggle.textContent = shownDetails().some((details) => !details.open) ? "Open all" : "Close all";
    });
  };

  let waiting = 0;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 80);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    field.value = "";
    show();
  });
  for (const radio of all("input[name=only]")) radio.addEventListener("change", show);
  toggle.addEventListener("click", () => {
    const opens = toggle.textContent === "Open all";
    for (const details of shownDetails()) details.open = opens;
    nameToggle();
  });
  document.addEventListener("toggle", (event) => {
    if (event.target.parentElement.localName === "article") nameToggle();
  }, true);
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input[type=search]");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  const openTarget = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (target && target.localName === "article") target.firstElementChild.open = true;
  };
  addEventListener("hashchange", openTarget);
  openTarget();

  for (const element of all(".scripted")) element.hidden = false;
  show();
})();
