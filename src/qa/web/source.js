// The source beside the chat: a document at its span, its page as it was printed.
// Everything shown comes from the server as escaped HTML; nothing here builds HTML from text.
export const find = (selector, from = document) => from.querySelector(selector);
export const all = (selector, from = document) => [...from.querySelectorAll(selector)];
export const panel = () => find("#source");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
export const smooth = () => (calm.matches ? "auto" : "smooth");

export function make(tag, fields, ...parts) {
  const element = Object.assign(document.createElement(tag), fields);
  element.append(...parts);
  return element;
}

// What a browser keeps under a name, from localStorage or sessionStorage.
export function stored(name, otherwise, storage = "localStorage") {
  try {
    return JSON.parse(window[storage].getItem(name)) ?? otherwise;
  } catch {
    return otherwise; // not ours, or no storage
  }
}

let origin = null; // the link that opened the source
let steps = []; // the links that previous and next go through
let shown = null; // the address of what is shown, as URLSearchParams

export async function open(link, focused = true) {
  origin = link;
  steps = link.matches(".cit") ? all(".cit", link.closest("article")) : [];
  all(".cit.current").forEach((other) => other.classList.remove("current"));
  link.classList.add("current");
  const { search, searchParams } = new URL(link.href);
  // « Back » closes the source, however many were looked at.
  if (panel().hidden) history.pushState("source", "", search);
  else history.replaceState(history.state, "", search);
  await show(searchParams, focused);
  check(link);
  // The chat is narrower now: what was clicked stays in sight.
  if (focused) link.scrollIntoView({ block: "nearest" });
}

const address = (name, params, more = {}) =>
  `${name}?${new URLSearchParams({
    document: params.get("source"),
    start: params.get("start") || 0,
    end: params.get("end") || 0,
    ...more,
  })}`;

async function fill(place, url) {
  place.dataset.asked = url;
  try {
    const answer = await fetch(url);
    if (!answer.ok && answer.status !== 404) throw new Error(answer.status);
    const html = await answer.text();
    if (place.dataset.asked === url) place.innerHTML = html;
  } catch {
    place.replaceChildren(notice(panel().dataset.unreadable));
  }
}

export async function show(params, focused = true) {
  const aside = panel();
  const scroller = find(".document", aside);
  shown = params;
  await fill(scroller, address("source", params));
  const position = steps.indexOf(origin);
  find(".steps", aside).hidden = steps.length < 2;
  find(".position", aside).textContent = `${position + 1} / ${steps.length}`;
  find('[data-step="-1"]', aside).disabled = position <= 0;
  find('[data-step="1"]', aside).disabled = position >= steps.length - 1;
  aside.hidden = false;
  document.body.classList.add("with-source");
  read();
  drawn();
  document.dispatchEvent(new Event("shown"));
  const cited = find("#cited", aside);
  scroller.scrollTop = 0;
  if (cited) reveal(scroller, cited);
  if (focused) (cited || aside).focus({ preventScroll: true });
}

function reveal(scroller, element) {
  const above = element.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  scroller.scrollTop += above - scroller.clientHeight / 3;
}

// --- Places of the document -----------------------------------------------------------------------

let text = ""; // of the document, which its HTML has to the character
let nodes = []; // its pieces: a node, and where it begins in the text
let folded = null; // the same without accents, and from each of its characters to the text's
let found = []; // where what is looked for stands

const paint = (name, ranges) => CSS.highlights?.set(name, new Highlight(...ranges));

function read() {
  [text, nodes, folded, found] = ["", [], null, []];
  const body = find("#source .body");
  if (body) {
    const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      nodes.push({ node: walker.currentNode, start: text.length });
      text += walker.currentNode.data;
    }
    markAnswer();
  }
  paint("found", []);
  paint("current", []);
}

// From code points, which the server counts, to the units of a script's text.
function unit(position) {
  if (!/[\ud800-\udbff]/.test(text)) return position;
  let units = 0;
  for (const character of text) {
    if (position-- <= 0) break;
    units += character.length;
  }
  return units;
}

function range(start, end) {
  const made = new Range();
  const last = (position) => nodes.findLast((piece) => piece.start <= position) || nodes[0];
  const [from, to] = [last(start), last(Math.max(start, end - 1))];
  made.setStart(from.node, start - from.start);
  made.setEnd(to.node, Math.min(end - to.start, to.node.length));
  return made;
}

function goTo(start, end = start + 1, focused = true) {
  const place = range(start, end);
  reveal(find("#source .document"), place);
  if (!focused) return;
  const element = place.startContainer.parentElement;
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

// All that the answer took from this document, and a button to each place.
function markAnswer() {
  const nav = find("#source .found-here");
  const links = all(".cit, .passages .to-source", origin?.closest("article") || document.createElement("p"));
  const painted = { cited: [], passage: [] };
  const buttons = [];
  links.forEach((link) => {
    const params = new URL(link.href).searchParams;
    if (params.get("source") !== shown.get("source")) return;
    const [start, end] = ["start", "end"].map((name) => unit(Number(params.get(name))));
    if (end > text.length) return;
    const kind = link.matches(".cit") ? "cited" : "passage";
    painted[kind].push(range(start, end));
    const label = kind === "cited" ? link.textContent : link.dataset.label;
    buttons.push(make("button", { type: "button" }, label));
    buttons.at(-1).dataset.unit = start;
  });
  Object.entries(painted).forEach(([kind, ranges]) => paint(kind, ranges));
  nav.hidden = buttons.length < 2;
  nav.replaceChildren(`${panel().dataset.inAnswer} `, ...buttons);
}

export const fold = (part) =>
  part.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("œ", "oe").replaceAll("’", "'");

function look(wanted) {
  if (!folded) {
    folded = { text: "", units: [] };
    for (let i = 0; i < text.length; i += 1) {
      const part = /\s/.test(text[i]) ? " " : fold(text[i]);
      folded.text += part;
      for (let j = 0; j < part.length; j += 1) folded.units.push(i);
    }
  }
  const sought = fold(wanted).replace(/\s+/g, " ").trim();
  found = [];
  for (let at = -1; sought && found.length < 2000; ) {
    at = folded.text.indexOf(sought, at + 1);
    if (at < 0) break;
    found.push([folded.units[at], folded.units[at + sought.length - 1] + 1]);
  }
  paint("found", found.map((span) => range(...span)));
  // From where the reader is.
  const top = find("#source .document").getBoundingClientRect().top;
  const next = found.findIndex((span) => range(...span).getBoundingClientRect().top > top + 60);
  tell(sought, Math.max(0, next));
}

let current = 0;
function tell(sought, position) {
  const count = found.length;
  current = count ? (position + count) % count : 0;
  const none = sought ? panel().dataset.foundNone : "";
  find("#source .within output").value = count ? `${current + 1} / ${count}` : none;
  paint("current", count ? [range(...found[current])] : []);
  if (count) goTo(...found[current], false);
}

document.addEventListener("input", (event) => {
  if (event.target.matches("#source .within input")) look(event.target.value);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("#source .within input")) return;
  event.preventDefault();
  tell(event.target.value, current + (event.shiftKey ? -1 : 1));
});

// A preview goes with Escape, until another marker is pointed at.
const hidePreviews = (hidden) => document.body.classList.toggle("no-preview", hidden);
document.addEventListener("keydown", (event) => event.key === "Escape" && hidePreviews(true));
for (const kind of ["focusin", "pointerover"]) {
  document.addEventListener(kind, (event) => event.target.matches(".cit") && hidePreviews(false));
}

export function notice(text) {
  return make("p", { className: "notice alert", role: "alert" }, text);
}

export function download(file) {
  if (!file || !file.text) return;
  const href = URL.createObjectURL(new Blob([file.text], { type: "text/plain" }));
  const link = make("a", { href, download: file.name });
  link.click();
  URL.revokeObjectURL(link.href);
}

// The index may have changed since the answer: then the span is no longer the quote.
function check(link) {
  const quote = link.closest("blockquote")?.querySelector("q");
  const body = find("#source .body");
  if (!quote || !body) return;
  const found = all("mark", body).map((part) => part.textContent).join("");
  if (found.replace(/\s/g, "") === quote.textContent.replace(/\s/g, "")) return;
  const told = notice(panel().dataset.changed);
  body.before(told);
  told.scrollIntoView({ block: "center" });
}

export function close() {
  if (history.state === "source") history.back();
  else hide();
}

function hide() {
  panel().hidden = true;
  document.body.classList.remove("with-source");
  if (location.search) history.replaceState(null, "", location.pathname);
  if (!origin) return;
  origin.classList.remove("current");
  if (origin.isConnected && !document.activeElement.matches("#box *")) origin.focus();
  origin = null;
}

window.addEventListener("popstate", () => {
  const params = new URLSearchParams(location.search);
  if (params.get("source")) show(params);
  else if (!panel().hidden) hide();
});

export function step(by) {
  const next = steps[steps.indexOf(origin) + by];
  if (next) open(next);
}

// --- What else the passages answer ----------------------------------------------------------------

export async function propose(turn) {
  const places = all(".passages .to-source", turn).map((link) => {
    const params = new URL(link.href).searchParams;
    return [params.get("source"), Number(params.get("start")), Number(params.get("end"))];
  });
  if (!places.length) return;
  const query = new URLSearchParams({
    question: find(".why", turn).dataset.question,
    places: JSON.stringify(places),
  });
  try {
    const answer = await fetch(`next?${query}`);
    if (answer.ok && turn.isConnected) turn.insertAdjacentHTML("beforeend", await answer.text());
  } catch {
    // They are no part of the answer.
  }
}

// --- Why this answer ------------------------------------------------------------------------------

document.addEventListener("toggle", (event) => {
  const why = event.target;
  if (!why.matches?.(".why[open]") || find(".why > div p", why.parentElement)) return;
  const quoted = all(".passages li:has(.quoted) .to-source", why.closest("article"));
  const places = quoted.map((link) => {
    const part = document.createElement("div");
    const params = new URL(link.href).searchParams;
    fill(part, address("why", params, { question: why.dataset.question }));
    return part;
  });
  find("div", why).replaceChildren(...places);
}, true);

// --- The page as it was printed -------------------------------------------------------------------

let wanted = false; // pages are seen beside the texts, as long as they are not put away
async function drawn(number = 0) {
  const button = find("#source [data-page='0']");
  const place = find("#source .page");
  place.hidden = !(wanted && button);
  panel().classList.toggle("with-page", !place.hidden);
  button?.setAttribute("aria-pressed", String(wanted));
  if (place.hidden) return;
  const held = document.activeElement.closest("#source .page [data-page]");
  await fill(place, address("page", shown, { number }));
  const mark = find("mark", place);
  if (mark) reveal(find(".sheet", place), mark);
  // The button that was pressed is another one now.
  if (held) all("[data-page]:not(:disabled)", place).at(held.textContent === "→" ? -1 : 0)?.focus();
}

export async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without a secure context there is no clipboard: the old way.
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    button.focus();
  }
  const label = button.textContent;
  button.textContent = panel().dataset.copied;
  setTimeout(() => (button.textContent = label), 1200);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("a, button");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const { page, copy: text, copyLink: link } = target.dataset;
  if (target.matches("a.cit, a.to-source")) {
    event.preventDefault();
    open(target);
  } else if (target.matches("#source .close")) close();
  else if (target.matches("#source .step")) step(Number(target.dataset.step));
  else if (target.dataset.goto) goTo(unit(Number(target.dataset.goto)));
  else if (target.dataset.unit) goTo(Number(target.dataset.unit));
  else if (target.dataset.found) tell(find("#source .within input").value, current + Number(target.dataset.found));
  else if (target.dataset.look) {
    find("#source .within input").value = target.dataset.look;
    look(target.dataset.look);
  } else if (page === "0") {
    wanted = !wanted;
    drawn();
  } else if (page) drawn(page);
  else if (text) copy(target, text);
  else if (link) copy(target, new URL(link, document.baseURI).href);
});
