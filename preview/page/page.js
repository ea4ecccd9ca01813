// Adds to a page that reads without it: a panel beside the drawing, a search, a filter.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const panel = document.getElementById("panel");
  const drawn = all("svg.drawing [data-node]");
  const edges = all("svg.drawing .edge");
  const only = document.getElementById("only-changed");
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const narrow = matchMedia("(max-width: 700px)");
  let from = null;

  const detail = (key) => document.querySelector(`[data-detail="${CSS.escape(key)}"]`);
  const box = (link) => (link.parentElement.matches("g.group") ? link.parentElement : link);

  // --- what is shown strongly: what was picked, else what the search and the filter leave

  function show(keys) {
    const picked = new Set(keys);
    const near = new Set(keys);
    for (const key of keys) {
      const section = detail(key);
      all(".facts [data-node]", section).forEach((link) => near.add(link.dataset.node));
    }
    for (const edge of edges) {
      const ends = [edge.dataset.from, edge.dataset.to];
      const touches = ends.some((key) => picked.has(key));
      edge.classList.toggle("picked", touches);
      edge.classList.toggle("dim", picked.size > 0 && !touches);
      if (touches) ends.forEach((key) => near.add(key));
    }
    for (const link of drawn) {
      link.classList.toggle("picked", picked.has(link.dataset.node));
      link.classList.toggle("dim", picked.size > 0 && !near.has(link.dataset.node));
    }
    if (picked.size === 0) sift();
  }

  function sift() {
    const word = find.value.trim().toLowerCase();
    const changed = Boolean(only && only.checked);
    const fits = (element, text) => {
      const isChanged = element.matches(".changed, .risky, [data-changed]");
      return (!word || text.toLowerCase().includes(word)) && (!changed || isChanged);
    };
    const left = new Set();
    for (const link of drawn) {
      const section = detail(link.dataset.node);
      const text = link.textContent + (section ? section.firstChild.textContent : "");
      const fit = fits(link, text) || (!changed && fits(box(link), text));
      link.classList.toggle("dim", !fit);
      if (fit) left.add(link.dataset.node);
    }
    for (const edge of edges) {
      const kept = left.has(edge.dataset.from) && left.has(edge.dataset.to);
      edge.classList.toggle("dim", !kept);
    }
    for (const section of all("[data-detail]")) {
      section.hidden = !fits(section, section.firstChild.textContent);
    }
    for (const row of all(".all tbody tr")) {
      row.hidden = Boolean(word) && !row.textContent.toLowerCase().includes(word);
    }
    found.textContent = word || changed ? `${left.size} of ${drawn.length}` : "";
  }

  // --- the panel

  function open(key, opener) {
    const section = detail(key);
    if (!section) return;
    all("details.risk.picked").forEach((risk) => risk.classList.remove("picked"));
    from = opener;
    const title = document.createElement("h2");
    title.tabIndex = -1;
    for (const part of [...section.firstChild.cloneNode(true).childNodes]) {
      title.append(part, " ");
    }
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", shut);
    const head = document.createElement("header");
    head.append(title, close);
    const body = section.lastChild.cloneNode(true);
    body.removeAttribute("id");
    panel.replaceChildren(head, body);
    panel.hidden = false;
    panel.scrollTop = 0;
    document.body.classList.add("open");
    show([key]);
    title.focus({ preventScroll: true });
    reveal(key);
  }

  function reveal(key) {
    const link = drawn.find((each) => each.dataset.node === key);
    if (!link) return;
    // On a narrow screen the panel covers the lower part.
    const bottom = narrow.matches && !panel.hidden ? panel.getBoundingClientRect().top : innerHeight;
    const box = link.getBoundingClientRect();
    if (box.top < 0 || box.bottom > bottom) scrollBy(0, box.top - bottom / 2);
    const scroll = link.closest(".scroll");
    const frame = scroll.getBoundingClientRect();
    if (box.left < frame.left || box.right > frame.right) {
      scroll.scrollLeft += box.left - (frame.left + frame.right) / 2;
    }
  }

  function shut() {
    if (panel.hidden) return;
    panel.hidden = true;
    document.body.classList.remove("open");
    show([]);
    if (from && from.isConnected) from.focus({ preventScroll: true });
    from = null;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-node]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link.dataset.node, link);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!panel.hidden) return shut();
    all("details.risk.picked").forEach((risk) => risk.classList.remove("picked"));
    show([]);
  });

  // --- risks

  for (const risk of all("details.risk")) {
    const nodes = risk.dataset.nodes.split(" ").filter(Boolean);
    risk.firstChild.addEventListener("click", () => {
      const opens = !risk.open;
      all("details.risk.picked").forEach((each) => each.classList.remove("picked"));
      risk.classList.toggle("picked", opens);
      show(opens ? nodes : []);
    });
    const shows = risk.querySelector("a.show");
    if (shows) {
      shows.addEventListener("click", (event) => {
        event.preventDefault();
        all("details.risk.picked").forEach((each) => each.classList.remove("picked"));
        risk.classList.add("picked");
        show(nodes);
        reveal(nodes[0]);
      });
    }
  }

  const tools = document.getElementById("tools");
  if (tools) {
    tools.hidden = false;
    find.addEventListener("input", sift);
    if (only) only.addEventListener("change", sift);
  }
})();
