// What a page does besides being read: its language, light and dark, the choice of head and batch, and the
// digits of one number. Without this script everything is shown.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

  // Language.
  const languages = all("[data-language]");
  const speak = language => {
    root.lang = language;
    for (const button of languages) button.setAttribute("aria-pressed", button.dataset.language === language);
    for (const said of all("[data-word]")) said.textContent = word(said.dataset.word);
  };
  const words = JSON.parse(document.getElementById("words").textContent);
  const word = name => words[root.lang][name] ?? name;
  for (const button of languages) button.addEventListener("click", () => speak(button.dataset.language));

  // Light and dark.
  const is_dark = () => root.classList.contains("dark") ||
      (!root.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
  document.getElementById("theme").addEventListener("click", () => {
    const next = is_dark() ? "light" : "dark";
    root.classList.remove("light", "dark");
    root.classList.add(next);
  });

  // Head and batch: one selector for each axis that tells matrices apart.
  const place_of = figure => Object.fromEntries(
      figure.dataset.at.split(" ").filter(part => part).map(part => part.split("=")).map(([axis, i]) => [axis, Number(i)]));
  const panels = all(".attn-panel");
  const lengths = {};
  for (const figure of all(".attn-panel figure")) {
    for (const [axis, i] of Object.entries(place_of(figure))) lengths[axis] = Math.max(lengths[axis] || 0, i + 1);
  }
  const bar = document.querySelector(".selectors");
  const chosen = {};
  // The head of keys and values that a head of queries reads.
  const choice_of = axis => {
    if (axis !== "Hk" || !(lengths.H > 1)) return chosen[axis] ?? "all";
    return chosen.H === "all" ? "all" : Math.floor(chosen.H * lengths.Hk / lengths.H);
  };
  const show = () => {
    for (const panel of panels) {
      const figures = all("figure", panel);
      let shown = 0;
      for (const figure of figures) {
        const wanted = Object.entries(place_of(figure)).every(([axis, i]) => ["all", i].includes(choice_of(axis)));
        figure.hidden = !wanted;
        shown += wanted ? 1 : 0;
      }
      const note = panel.querySelector(".left-out") || panel.appendChild(said("p", "left_out", "left-out"));
      note.hidden = shown > 0 || figures.length === 0;
      for (const gap of all(":scope > p.gap", panel)) gap.hidden = Object.values(chosen).some(value => value !== "all");
    }
  };
  const said = (element, name, css = "") => {
    const node = Object.assign(document.createElement(element), {className: css});
    node.dataset.word = name;
    node.textContent = word(name);
    return node;
  };
  const selectors = {};
  const add_selector = axis => {
    const label = document.createElement("label");
    const select = document.createElement("select");
    select.dataset.axis = axis;
    label.append(said("span", axis), " ", select);
    select.append(said("option", "every"));
    select.options[0].value = "all";
    for (let i = 0; i < lengths[axis]; ++i) select.append(new Option(String(i), String(i)));
    select.addEventListener("change", () => {
      chosen[axis] = select.value === "all" ? "all" : Number(select.value);
      show();
    });
    bar.append(label);
    selectors[axis] = select;
    chosen[axis] = "all";
  };
  for (const axis of Object.keys(lengths)) {
    if (lengths[axis] > 1 && !(axis === "Hk" && lengths.H > 1)) add_selector(axis);
  }
  bar.hidden = Object.keys(selectors).length === 0;
  const turn = (axis, by) => {
    const select = selectors[axis];
    if (!select) return;
    select.selectedIndex = (select.selectedIndex + by + select.options.length) % select.options.length;
    select.dispatchEvent(new Event("change"));
  };
  // A page opens with one batch, so that it is not too long; all of its heads beside each other.
  if (selectors.B) turn("B", 1);

  // Tensors beside each other show the same columns.
  for (const beside of all(".beside")) {
    const parts = all(".attn-scroll", beside);
    let leader = null, rest = 0;  // the others follow, and do not lead in their turn
    for (const part of parts) {
      part.addEventListener("scroll", () => {
        if (leader && leader !== part) return;
        leader = part;
        clearTimeout(rest);
        rest = setTimeout(() => { leader = null; }, 100);
        for (const other of parts) if (other !== part) other.scrollLeft = part.scrollLeft;
      });
    }
  }

  // One number: under the pointer, or where the arrow keys went.
  const inspector = document.getElementById("inspector");
  const is_number = cell => cell && cell.tagName === "TD" && !cell.classList.contains("gap") && !cell.classList.contains("blank");
  const describe = cell => {
    const figure = cell.closest("figure");
    const row = cell.parentElement.dataset.i;
    const column = cell.closest("table").tHead.rows[0].cells[cell.cellIndex].dataset.i;
    const index = [...Object.values(place_of(figure)), row, column].join(",");
    return `${cell.closest(".attn-panel").dataset.name}[${index}] = ${cell.dataset.v ?? cell.textContent}`;
  };
  const inspect = cell => {
    inspector.textContent = describe(cell);
    inspector.hidden = false;
  };
  for (const table of all(".attn-matrix")) {
    const first = all("td", table).find(is_number);
    if (first) first.tabIndex = 0;
  }
  document.addEventListener("pointerover", event => {
    const cell = event.target.closest?.(".attn-matrix td");
    if (is_number(cell)) inspect(cell);
    else if (!is_number(document.activeElement)) inspector.hidden = true;
  });
  document.addEventListener("focusin", event => {
    if (is_number(event.target)) inspect(event.target);
    else inspector.hidden = true;
  });
  const neighbour = (cell, dy, dx) => {
    const table = cell.closest("table");
    let y = cell.parentElement.rowIndex, x = cell.cellIndex;
    do {
      y += dy;
      x += dx;
      const next = table.rows[y]?.cells[x];
      if (is_number(next)) return next;
    } while (y > 0 && x > 0 && y < table.rows.length && x < table.rows[0].cells.length);
    return null;
  };
  const moves = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const cell = document.activeElement;
    if (is_number(cell) && (event.key in moves || event.key === "Home" || event.key === "End")) {
      event.preventDefault();
      const row = [...cell.parentElement.cells].filter(is_number);
      const next = event.key === "Home" ? row[0] : event.key === "End" ? row[row.length - 1] : neighbour(cell, ...moves[event.key]);
      if (!next) return;
      cell.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else if (cell.tagName !== "SELECT" && (event.key === "[" || event.key === "]")) {
      turn(selectors.H ? "H" : "B", event.key === "]" ? 1 : -1);
    } else if (event.key === "Escape") {
      cell.blur();
      inspector.hidden = true;
    }
  });
  show();
  speak(root.lang);
})();
