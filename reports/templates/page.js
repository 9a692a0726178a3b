"use strict";
// The page works without this script; it adds filters, timelines, copying, the theme. Texts of a run reach the document as text only.

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const SVG = "http://www.w3.org/2000/svg";

function made(name, attributes = {}, ...children) {
  const element = name.startsWith("svg:") ? document.createElementNS(SVG, name.slice(4)) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function say(text) { one("#said").textContent = text; }

// ---- theme ------------------------------------------------------------------------------------------------------------------

(() => {
  const button = one("#theme"), names = ["system", "light", "dark"];
  let at = 0;
  try { at = Math.max(0, names.indexOf(localStorage.getItem("amps-conformance-theme"))); } catch { /* storage is refused: the theme is not kept */ }
  const show = () => {
    if (at) document.documentElement.dataset.theme = names[at]; else delete document.documentElement.dataset.theme;
    button.textContent = `Theme: ${names[at]}`;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    at = (at + 1) % names.length;
    try { localStorage.setItem("amps-conformance-theme", names[at]); } catch { /* see above */ }
    show();
  });
  show();
})();

// ---- copying ----------------------------------------------------------------------------------------------------------------

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = made("textarea", { readonly: "", class: "hidden-text" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

document.addEventListener("click", async event => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches(".copy")) {
    const done = await copy(button.dataset.copy);
    const label = button.firstChild, before = "Copy";
    label.textContent = done ? "Copied" : "Select and copy";
    say(done ? "Copied" : "The browser refused to copy");
    setTimeout(() => { label.textContent = before; }, 2000);
  }
  for (const [name, open] of [["open", true], ["close", false]]) {
    if (button.dataset[name]) all(".failure", one(button.dataset[name])).forEach(failure => { failure.open = open; });
  }
});

// ---- totals -----------------------------------------------------------------------------------------------------------------

(() => {
  const group = one(".choose");
  const show = by => {
    all(".totals-by").forEach(table => { table.hidden = table.dataset.table !== by; });
    all("button", group).forEach(button => button.setAttribute("aria-pressed", String(button.dataset.by === by)));
  };
  group.hidden = false;
  group.addEventListener("click", event => { if (event.target.dataset.by) show(event.target.dataset.by); });
  show("area");
})();

// ---- rules ------------------------------------------------------------------------------------------------------------------

const rules = (() => {
  const form = one(".filters"), list = one(".rules"), shown = one("#shown"), none = one("#no-rule");
  const items = all(":scope > li", list), fields = ["outcome", "area", "level", "tier"];
  const plural = count => `${count.toLocaleString("en")} ${count === 1 ? "rule" : "rules"}`;
  let texts = null, timer = 0;

  function words(index) {
    texts ??= items.map(item => item.textContent.toLowerCase());
    return texts[index];
  }

  function apply() {
    const wanted = fields.filter(name => form.elements[name].value).map(name => [name, form.elements[name].value]);
    const asked = form.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    items.forEach((item, index) => {
      const fits = wanted.every(([name, value]) => item.dataset[name] === value) && (!asked.length || asked.every(word => words(index).includes(word)));
      item.hidden = !fits;
      count += fits;
    });
    none.hidden = count > 0;
    list.hidden = count === 0;
    shown.textContent = count === items.length ? plural(count) : `${count.toLocaleString("en")} of ${plural(items.length)}`;
  }

  function address() {
    const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    history.replaceState(null, "", asked.size ? `#rules:${asked}` : "#rules");
  }

  function set(values) {
    form.reset();
    for (const [name, value] of values) if (form.elements[name]) form.elements[name].value = value;
    apply();
  }

  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("change", () => { apply(); address(); });
  form.addEventListener("input", event => {
    if (event.target.name !== "q") return;
    clearTimeout(timer);
    timer = setTimeout(() => { apply(); address(); }, 80);
  });
  form.addEventListener("reset", () => setTimeout(() => { apply(); address(); }));
  return { set, apply };
})();

// ---- timelines --------------------------------------------------------------------------------------------------------------

const ROW = 26, AHEAD = 12, WHOLE_MAX = 300, PRINTED_MAX = 400;

function shape(kind, x, y) {
  const path = {
    sent: `M${x - 6} ${y - 6}L${x + 7} ${y}L${x - 6} ${y + 6}Z`,
    received: `M${x + 6} ${y - 6}L${x - 7} ${y}L${x + 6} ${y + 6}Z`,
    opened: `M${x - 5} ${y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z`,
    closed: `M${x - 5} ${y - 5}h10v10h-10Z`,
    garbled: `M${x} ${y - 7}L${x + 7} ${y}L${x} ${y + 7}L${x - 7} ${y}Z`,
    step: `M${x - 5} ${y - 1.5}h10v3h-10Z`,
  }[kind];
  return made("svg:path", { d: path, class: kind === "sent" || kind === "received" ? kind : "event" });
}

function timeline(section) {
  const data = JSON.parse(one(`#${section.dataset.of}`).textContent);
  const frames = data.frames, marked = new Set(data.marked), lanes = [...new Set(frames.map(frame => frame.on))];
  const pitch = lanes.length > 6 ? 22 : 40, width = lanes.length * pitch + 26, middle = name => lanes.indexOf(name) * pitch + pitch / 2 + 4;
  const arcs = frames.flatMap((frame, index) => frame.answers !== undefined && frame.answers < index ? [[frame.answers, index, frame.text.startsWith("ack ")]] : []);
  const flag = data.missing ? "something is missing here" : "first divergence";
  const name = section.getAttribute("aria-label");
  let selected = -1, drawn = "", range = null;

  const gap = () => made("span", { class: "t-gap" });
  const head = made("div", { class: "t-head", "aria-hidden": "true" }, made("span", { class: "t-time" }, "ms"), made("span", { class: "lanes" }));
  one(".lanes", head).style.width = `${width}px`;
  lanes.forEach(lane => {
    const label = made("b", {}, lane);
    label.style.left = `${middle(lane)}px`;
    one(".lanes", head).append(label);
  });
  const view = made("div", { class: "t-view", role: "listbox", tabindex: "0", "aria-label": `${name}, ${frames.length} events; up and down choose one, its raw bytes stand below` });
  const body = made("div", { class: "t-body", role: "presentation" }), art = made("svg:svg", { width, "aria-hidden": "true" });
  body.style.height = `${frames.length * ROW}px`;
  view.append(body);
  const raw = made("div", { class: "t-raw", hidden: "" });
  const jump = made("button", { type: "button" }, data.missing ? "To what lacks an answer" : "To the first divergence");
  const key = (label, ...art) => made("span", { class: "key" }, made("svg:svg", { viewBox: "0 0 22 18", "aria-hidden": "true" }, ...art), label);
  const tools = made("div", { class: "bar-of-tools" },
    key("sent", shape("sent", 11, 9)), key("received", shape("received", 11, 9)),
    key("from a command to its acks", made("svg:path", { d: "M4 4C18 4 18 14 8 14", class: "arc" }), made("svg:path", { d: "M3 14l6 -3v6Z", class: "head" })));
  if (data.first !== null && frames.length > 15) tools.prepend(jump);
  section.querySelector(".no-script").remove();
  section.append(tools, made("div", { class: "t-frame" }, head, view, raw));

  const line = index => frames[index].kind === "sent" || frames[index].kind === "received" ? `${frames[index].kind} ` : "";

  function row(index) {
    const frame = frames[index];
    const text = made("span", { class: "t-text" }, frame.text);
    const element = made("div", {
      class: `t-row ${frame.kind}${marked.has(index) ? " marked" : ""}${index === data.first ? " first" : ""}`,
      role: "option", id: `${section.dataset.of}-${index}`, "aria-setsize": frames.length, "aria-posinset": index + 1,
      "aria-selected": String(index === selected), title: frame.text,
    }, made("span", { class: "t-time" }, (frame.at * 1000).toFixed(3)), gap(), made("span", { class: "hidden-text" }, `on ${frame.on}, ${line(index)}`));
    if (index === data.first) element.append(made("span", { class: "t-flag" }, `✕ ${flag}`));
    else if (marked.has(index)) element.append(made("span", { class: "t-flag" }, "✕ also"));
    element.append(text);
    element.style.top = `${index * ROW}px`;
    one(".t-gap", element).style.width = `${width}px`;
    element.dataset.index = index;
    return element;
  }

  function arc([from, to, ack], start, end) {
    const related = selected === from || selected === to;
    if (!ack && !related) return [];
    if (to < start || from >= end) return [];
    const x = middle(frames[to].on), y1 = (from - start + .5) * ROW, y2 = (to - start + .5) * ROW;
    const out = Math.min(pitch * .55 + 8, 9 + (to - from) * 2.2), bend = Math.min(40, (y2 - y1) / 2);
    const kind = related ? " strong" : "";
    return [
      made("svg:path", { d: `M${x + 7} ${y1}C${x + 7 + out} ${y1 + bend} ${x + 9 + out} ${y2 - bend} ${x + 12} ${y2}`, class: `arc${kind}` }),
      made("svg:path", { d: `M${x + 8} ${y2}l7 -4v8Z`, class: `head${kind}` }),
    ];
  }

  function draw() {
    const [start, end] = range ?? (frames.length <= WHOLE_MAX ? [0, frames.length] : [
      Math.max(0, Math.floor(view.scrollTop / ROW) - AHEAD),
      Math.min(frames.length, Math.ceil((view.scrollTop + view.clientHeight) / ROW) + AHEAD),
    ]);
    if (drawn === `${start} ${end} ${selected}`) return;
    drawn = `${start} ${end} ${selected}`;
    art.replaceChildren(
      ...lanes.map(lane => made("svg:line", { x1: middle(lane), x2: middle(lane), y1: 0, y2: (end - start) * ROW })),
      ...arcs.flatMap(each => arc(each, start, end)),
    );
    for (let index = start; index < end; index++) {
      const x = middle(frames[index].on), y = (index - start + .5) * ROW;
      art.append(shape(frames[index].kind, x, y));
      if (index === data.first || marked.has(index)) art.append(made("svg:circle", { cx: x, cy: y, r: 10.5, class: "bad" }));
    }
    art.setAttribute("height", (end - start) * ROW);
    art.style.top = `${start * ROW}px`;
    const rows = [];
    for (let index = start; index < end; index++) rows.push(row(index));
    body.replaceChildren(...rows, art);
  }

  function into(index, block) {
    const top = index * ROW;
    if (block === "center") view.scrollTop = top - (view.clientHeight - ROW) / 2;
    else if (top < view.scrollTop) view.scrollTop = top;
    else if (top + ROW > view.scrollTop + view.clientHeight) view.scrollTop = top + ROW - view.clientHeight;
    draw();
  }

  function choose(index, block) {
    selected = Math.max(0, Math.min(frames.length - 1, index));
    into(selected, block);
    draw();
    view.setAttribute("aria-activedescendant", `${section.dataset.of}-${selected}`);
    const frame = frames[selected], about = [`event ${selected + 1 + data.before}`, `on ${frame.on}`, frame.kind];
    if (frame.label) about.push(`step ${frame.label}`);
    if (frame.size) about.push(`${frame.size.toLocaleString("en")} bytes`);
    if (frame.answers !== undefined) about.push(`answers event ${frame.answers + 1 + data.before}`);
    const said = made("p", {}, about.join(" · "));
    if (frame.raw) said.append(made("button", { type: "button", class: "copy", "data-copy": frame.raw }, "Copy", made("span", { class: "hidden-text" }, " the raw bytes")));
    raw.replaceChildren(said, made("pre", { tabindex: "0", "aria-label": "raw bytes" }, frame.raw ?? frame.text));
    raw.hidden = false;
  }

  view.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  view.addEventListener("click", event => {
    const row = event.target.closest(".t-row");
    if (row) choose(Number(row.dataset.index));
  });
  view.addEventListener("keydown", event => {
    const page = Math.max(1, Math.floor(view.clientHeight / ROW) - 1), now = selected < 0 ? (data.first ?? 0) - (event.key === "ArrowUp" ? -1 : 1) : selected;
    const next = { ArrowDown: now + 1, ArrowUp: now - 1, PageDown: now + page, PageUp: now - page, Home: 0, End: frames.length - 1, Enter: now, " ": now }[event.key];
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    choose(next);
  });
  jump.addEventListener("click", () => { choose(data.first, "center"); view.focus(); });
  draw();
  if (data.first !== null) into(data.first, "center");

  return {
    print() {
      const start = Math.max(0, Math.min((data.first ?? 0) - PRINTED_MAX / 2, frames.length - PRINTED_MAX)), end = Math.min(frames.length, start + PRINTED_MAX);
      range = [start, end];
      draw();
      if (start) all(".t-row, svg", body).forEach(each => { each.style.top = `${parseFloat(each.style.top) - start * ROW}px`; });
      body.style.height = `${(end - start) * ROW}px`;
    },
    screen() {
      range = null;
      drawn = "";
      body.style.height = `${frames.length * ROW}px`;
      draw();
    },
  };
}

const timelines = new Map();
function unfold(details) {
  for (const section of all(".timeline", details)) {
    if (!timelines.has(section) && section.closest("details:not([open])") === null) timelines.set(section, timeline(section));
  }
}
document.addEventListener("toggle", event => { if (event.target.open) unfold(event.target); }, true);
all(".failure[open]").forEach(unfold);

addEventListener("beforeprint", () => {
  all(".failure").forEach(failure => { if (!failure.open) failure.dataset.folded = ""; failure.open = true; unfold(failure); });
  timelines.forEach(each => each.print());
});
addEventListener("afterprint", () => {
  timelines.forEach(each => each.screen());
  all(".failure[data-folded]").forEach(failure => { failure.open = false; delete failure.dataset.folded; });
});

// ---- addresses --------------------------------------------------------------------------------------------------------------

function go() {
  let hash = location.hash.slice(1);
  try { hash = decodeURIComponent(hash); } catch { return; }
  if (hash.startsWith("rules:")) {
    rules.set(new URLSearchParams(location.hash.slice("#rules:".length)));
    one("#rules").scrollIntoView();
    one("#rules-head").focus({ preventScroll: true });
    return;
  }
  const target = document.getElementById(hash);
  if (!target) return;
  all("li.target").forEach(item => item.classList.remove("target"));
  if (target.matches(".rules > li")) {
    if (target.hidden) rules.set([]);
    target.classList.add("target");
    one("details", target).open = true;
    one("summary", target).focus({ preventScroll: true });
  } else if (target.matches("details")) {
    target.open = true;
    one("summary", target).focus({ preventScroll: true });
  } else {
    one("h2", target)?.focus({ preventScroll: true });
  }
  target.scrollIntoView();
}
addEventListener("hashchange", go);
if (location.hash) go(); else rules.apply();
