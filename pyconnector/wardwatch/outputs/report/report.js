"use strict";
document.documentElement.classList.add("js");
addEventListener("DOMContentLoaded", () => {
  const table = document.getElementById("inventory");
  if (!table) return;
  const find = (id) => document.getElementById(id);
  const step = 300;
  const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;
  const count = (number) => number.toLocaleString("en");

  // Rows are only moved, never built from data: a device's name cannot become markup here.
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
  const all = rows.map((row) => ({ row, cells: null }));
  const body = table.tBodies[0];
  table.querySelector(".rest")?.remove();
  let ordered = all;
  let matching = all;
  let limit = step;

  const cells = (entry) => (entry.cells ??= [...entry.row.cells].map((cell) => cell.textContent));

  function show() {
    const visible = matching.slice(0, limit);
    body.replaceChildren(...visible.map((entry) => entry.row));
    const total = matching.length === all.length ? "" : ` of ${count(all.length)}`;
    const first = visible.length < matching.length ? `, the first ${count(visible.length)} shown` : "";
    find("count").textContent = `${count(matching.length)}${total} devices${first}`;
    find("none").hidden = matching.length > 0;
    find("more").hidden = visible.length === matching.length;
  }

  function filter() {
    const words = find("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = document.querySelector("input[name=class]:checked").value;
    const label = find("label")?.value;
    matching = ordered.filter((entry) => {
      if (wanted && cells(entry)[3] !== wanted) return false;
      if (label && cells(entry)[1] !== label) return false;
      const text = words.length ? cells(entry).join("\n").toLowerCase() : "";
      return words.every((word) => text.includes(word));
    });
    limit = step;
    show();
  }

  function sort(heading, column) {
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const sign = descending ? -1 : 1;
    const order = column === 1 || column === 2 ? (a, b) => a - b : compare;
    // The most urgent label and the highest score come first.
    const value = (entry, at) =>
      at === 1 ? entry.row.cells[1].className.slice(1) : at === 2 ? -parseFloat(cells(entry)[2]) : cells(entry)[at];
    // Starts from the first order each time, so that equals stay the most urgent first.
    ordered = all
      .map((entry) => ({
        entry,
        text: value(entry, column),
        unknown: entry.row.cells[column].classList.contains("u"),
      }))
      .sort((a, b) => a.unknown - b.unknown || sign * order(a.text, b.text))
      .map(({ entry }) => entry);
    filter();
  }

  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sort(heading, column));
  });
  find("controls").addEventListener("submit", (event) => event.preventDefault());
  find("controls").addEventListener("input", filter);
  find("label")?.addEventListener("change", filter);
  find("more").addEventListener("click", (event) => {
    limit += Number(event.target.dataset.more ?? 0);
    show();
  });
  addEventListener("beforeprint", () => {
    if (document.documentElement.classList.contains("only")) return;
    limit = Infinity;
    show();
  });
  find("controls").hidden = false;
  show();
});
addEventListener("beforeprint", () => {
  if (document.documentElement.classList.contains("only")) return;
  for (const details of document.querySelectorAll("details")) details.open = true;
});
addEventListener("DOMContentLoaded", () => {
  // Prints one card, or the work list, and nothing else.
  const root = document.documentElement;
  for (const button of document.querySelectorAll("button.print")) button.hidden = false;
  addEventListener("click", (event) => {
    const wanted = event.target.dataset?.print;
    if (!wanted) return;
    const part = document.getElementById(wanted);
    part.classList.add("printed");
    part.parentElement.closest("section")?.classList.add("around");
    root.classList.add("only");
    print();
  });
  addEventListener("afterprint", () => {
    root.classList.remove("only");
    for (const one of document.querySelectorAll(".printed, .around")) one.classList.remove("printed", "around");
  });
});
