"use strict";
// What a page does beside showing: tables that sort and narrow, conversations that are filtered and linked to. Text is set by textContent only.

const every = (selector, within = document) => [...within.querySelectorAll(selector)];

function keyOf(cell) {
  const said = cell.dataset.by ?? cell.textContent.trim();
  const number = Number(said);
  return said !== "" && Number.isFinite(number) ? number : said;
}

function inOrder(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === typeof b) return String(a).localeCompare(String(b), "en", { numeric: true });
  return typeof a === "number" ? -1 : 1;
}

function sortable(table) {
  const heads = every("thead th", table);
  heads.forEach((head, column) => {
    if (head.dataset.fixed !== undefined) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((h) => h.hasAttribute("aria-sort") && h.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0];
      const rows = [...body.rows].sort((x, y) => inOrder(keyOf(x.cells[column]), keyOf(y.cells[column])));
      body.append(...(down ? rows.reverse() : rows));
    });
  });
}

function narrowable(table) {
  if (table.tBodies[0].rows.length < 6) return;
  const field = document.createElement("input");
  field.type = "search";
  field.className = "narrow";
  field.placeholder = "filter rows";
  field.setAttribute("aria-label", `Filter rows of: ${table.caption.textContent}`);
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  table.parentElement.before(field);
}

function conversations(form) {
  const found = every("details.dialog");
  const texts = new Map();
  const textOf = (d) => {
    if (!texts.has(d)) texts.set(d, d.textContent.toLowerCase());
    return texts.get(d);
  };
  const status = document.getElementById("shown");
  const value = (name) => form.elements[name]?.value ?? "";

  function fits(d, kind, arm, verdict, text) {
    if (kind && d.dataset.kind !== kind) return false;
    if (arm || verdict) {
      const words = d.dataset.words.split(" ");
      const fit = (word) => {
        const [where, label] = word.split("=");
        return (!arm || where === arm || where.startsWith(`${arm}.`)) && (!verdict || label === verdict);
      };
      if (!words.some(fit)) return false;
    }
    return !text || textOf(d).includes(text);
  }

  function apply() {
    const text = value("text").trim().toLowerCase();
    const wanted = [value("kind"), value("arm"), value("verdict"), text];
    let n = 0;
    for (const d of found) {
      d.hidden = !fits(d, ...wanted);
      n += !d.hidden;
    }
    status.textContent = `${n.toLocaleString("en")} of ${found.length.toLocaleString("en")} conversations`;
  }

  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  form.elements.open.addEventListener("click", () => found.forEach((d) => (d.open = !d.hidden && !d.closest("[hidden]"))));
  form.elements.close.addEventListener("click", () => found.forEach((d) => (d.open = false)));
  form.hidden = false;
  apply();
  return () => {
    form.reset();
    apply();
  };
}

function linked(showAll) {
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id && document.getElementById(id);
  if (!target || !target.matches("details.dialog")) return;
  if (target.hidden) showAll();
  target.open = true;
  target.scrollIntoView({ block: "start" });
  target.querySelector("summary").focus({ preventScroll: true });
}

function sections(form) {
  const found = every("section[data-kind]");
  const status = form.querySelector("[role=status]");

  function apply() {
    const { kind, set, text } = Object.fromEntries(new FormData(form));
    const wanted = text.trim().toLowerCase();
    let n = 0;
    for (const s of found) {
      s.hidden = (kind && s.dataset.kind !== kind) || (set && s.dataset.set !== set) || !s.textContent.toLowerCase().includes(wanted);
      n += !s.hidden;
    }
    status.textContent = `${n} of ${found.length} ${found.length === 1 ? "table" : "tables"}`;
  }

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  form.hidden = false;
  apply();
}

every("form[data-narrows]").forEach(sections);
every("table[data-sorts]").forEach(sortable);
every("table[data-filters]").forEach(narrowable);
const form = document.getElementById("filters");
const showAll = form ? conversations(form) : () => {};
addEventListener("hashchange", () => linked(showAll));
linked(showAll);
// Once all is there the browser goes to the target by itself, and takes the focus away.
addEventListener("load", () => setTimeout(() => linked(showAll)));
